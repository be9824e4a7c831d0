// SPDX-License-Identifier: Apache-2.0

import Libpq

/// Which rows of a batch stand in the database, and which run wrote them.
struct JournalFindings {
    /// What was found of a row.
    enum Fate {
        /// Not there: send it.
        case absent
        /// There, and written by the same run: a batch whose reply was lost.
        case own
        /// There, and written by another run.
        case foreign
    }

    private struct Key: Hashable {
        let workflow: String
        let place: Place
        let phase: Int16
    }

    private var records: [Key: Int64] = [:]
    private var outcomes: [String: Int64] = [:]
    private var starters: [String: Int64?] = [:]
    private var owners: [String: Int64] = [:]

    /// Looks up every row of a batch.
    ///
    /// - Parameter deadline: How long the reply may take.
    init(
        of entries: [WriteEntry],
        over connection: PostgresConnection,
        statements: JournalStatements,
        deadline: Duration
    ) async throws {
        var ids = ArrayColumn(.text)
        var scopes = ArrayColumn(.text)
        var positions = ArrayColumn(.int4)
        var phases = ArrayColumn(.int2)
        var ended = ArrayColumn(.text)
        var started = ArrayColumn(.text)
        var owned = ArrayColumn(.text)
        for entry in entries {
            if case .starting = entry.row { owned.append(entry.lane.workflow) }
            switch entry.row {
            case .record(let record), .call(let record, _), .starting(let record, _):
                ids.append(entry.lane.workflow)
                scopes.append(record.place.scope)
                positions.append(record.place.position)
                phases.append(record.phase)
            case .outcome:
                ended.append(entry.lane.workflow)
                owned.append(entry.lane.workflow)
            case .start: started.append(entry.lane.workflow)
            case .release, .riders, .lineage, .commit: break
            }
        }
        let results = try await connection.run(
            Pipeline([
                Statement(
                    statements.existingRecords,
                    [ids.parameter, scopes.parameter, positions.parameter, phases.parameter]
                ),
                Statement(statements.existingOutcomes, [ended.parameter]),
                Statement(statements.starters, [started.parameter]),
                Statement(statements.owners, [owned.parameter]),
            ]),
            deadline: deadline
        )
        for row in results[0].rows {
            let key = Key(
                workflow: try row.decode(0, as: String.self),
                place: Place(scope: try row.decode(1, as: String.self), position: try row.decode(2, as: Int32.self)),
                phase: try row.decode(3, as: Int16.self)
            )
            self.records[key] = try row.decode(4, as: Int64.self)
        }
        for row in results[1].rows {
            self.outcomes[try row.decode(0, as: String.self)] = try row.decode(1, as: Int64.self)
        }
        for row in results[2].rows {
            self.starters[try row.decode(0, as: String.self)] = .some(try row.decode(1, as: Int64?.self))
        }
        for row in results[3].rows {
            self.owners[try row.decode(0, as: String.self)] = try row.decode(1, as: Int64.self)
        }
    }

    /// What was found of one row.
    func fate(of entry: WriteEntry) -> Fate {
        let token = entry.lane.token
        switch entry.row {
        case .record(let record), .call(let record, _):
            let key = Key(workflow: entry.lane.workflow, place: record.place, phase: record.phase)
            guard let writer = self.records[key] else { return .absent }
            return writer == token ? .own : .foreign
        case .starting(let record, _):
            let key = Key(workflow: entry.lane.workflow, place: record.place, phase: record.phase)
            if let writer = self.records[key] { return writer == token ? .own : .foreign }
            return self.owners[entry.lane.workflow] == token ? .absent : .foreign
        case .outcome:
            if let writer = self.outcomes[entry.lane.workflow] { return writer == token ? .own : .foreign }
            // No outcome: it can still be written only while the workflow is this run's.
            return self.owners[entry.lane.workflow] == token ? .absent : .foreign
        case .start:
            guard let starter = self.starters[entry.lane.workflow] else { return .absent }
            return starter == token ? .own : .foreign
        case .release, .riders, .lineage, .commit:
            // Conditional on the run, idempotent, or without a trace: sent again, it does no harm.
            return .absent
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Libpq

extension WorkflowDirectory {
    /// Reads a workflow with everything that it has recorded.
    func export(_ id: String) async throws -> WorkflowExport {
        let durable = self.schema.quoted
        // The outcome first: where there is one, the journal that is read after it is whole.
        let outcome = StatementText(
            "SELECT status::text, finished_at, output, error FROM \(durable).outcome WHERE workflow_id = $1",
            types: [.text]
        )
        let workflow = StatementText(
            """
            SELECT name, version, seed, input, deadline, created_at FROM \(durable).workflow WHERE id = $1
            """,
            types: [.text]
        )
        let journal = StatementText(
            """
            SELECT scope, position, phase, kind, name, attempt, at, seconds, due, fingerprint, output, error
            FROM \(durable).journal WHERE workflow_id = $1 ORDER BY scope, position, phase
            """,
            types: [.text]
        )
        let results = try await self.run(
            [outcome, workflow, journal].map { Statement($0, [Parameter(id)]) },
            for: id
        )
        guard let row = results[1].rows.first else {
            throw DurableError(.workflowNotFound, "no workflow has the id \"\(id)\"", workflow: id)
        }
        return WorkflowExport(
            workflow: WorkflowExport.Asked(
                id: id,
                name: try row.decode(0, as: String.self),
                version: try row.decode(1, as: Int32.self),
                seed: try row.decode(2, as: UUID.self),
                input: row.text(3),
                deadline: row.microseconds(4),
                createdAt: row.microseconds(5) ?? 0
            ),
            journal: try results[2].rows.map(WorkflowExport.Record.init),
            outcome: try results[0].rows.first.map { row in
                WorkflowExport.Ended(
                    status: try row.decode(0, as: String.self),
                    output: row.text(2),
                    error: row.text(3),
                    finishedAt: row.microseconds(1) ?? 0
                )
            }
        )
    }
}

extension WorkflowExport.Record {
    init(_ row: Row) throws {
        self.init(
            scope: try row.decode(0, as: String.self),
            position: try row.decode(1, as: Int32.self),
            phase: try row.decode(2, as: Int16.self),
            kind: try row.decode(3, as: Int16.self),
            name: try row.decode(4, as: String.self),
            attempt: try row.decode(5, as: Int16.self),
            at: row.microseconds(6) ?? 0,
            seconds: try row.decode(7, as: Float?.self),
            due: row.microseconds(8),
            fingerprint: try row.decode(9, as: Int64?.self),
            output: row.text(10),
            error: row.text(11)
        )
    }

    /// The record as replay reads it.
    var record: JournalRecord {
        var record = JournalRecord(
            place: Place(scope: self.scope, position: self.position),
            phase: self.phase,
            kind: JournalKind(recorded: self.kind),
            name: self.name,
            attempt: self.attempt,
            at: self.at,
            seconds: self.seconds,
            due: self.due
        )
        record.output = self.output.map { .bytes([UInt8]($0.utf8)) }
        record.fingerprint = self.fingerprint
        record.error = self.error.map { [UInt8]($0.utf8) }
        return record
    }
}

extension Row {
    /// The text of a JSON column, exactly; nil for NULL.
    fileprivate func text(_ column: Int) -> String? {
        self.bytes(column).map { String(decoding: $0, as: UTF8.self) }
    }
}

extension DurableEngine {
    /// Exports a workflow: what it was asked, what it has recorded, how it ended.
    ///
    /// - Throws: ``DurableError`` with the code `workflowNotFound` when no workflow has this id.
    public func export(_ id: String) async throws -> WorkflowExport {
        try await self.core().directory.export(id)
    }
}

extension DurableClient {
    /// Exports a workflow: what it was asked, what it has recorded, how it ended.
    ///
    /// - Throws: ``DurableError`` with the code `workflowNotFound` when no workflow has this id.
    public func export(_ id: String) async throws -> WorkflowExport {
        try await self.directory.export(id)
    }
}

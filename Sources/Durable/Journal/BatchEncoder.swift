// SPDX-License-Identifier: Apache-2.0

package import Libpq

/// Turns rows into the one pipeline that writes them: the fence first, then one statement per kind of row, in lock order.
///
/// A small checkpoint that travels alone has the fence in its own statement, or asks whether its session holds it; ahead of a
/// large one, which is on its way for long, the fence holds its lock meanwhile.
package struct BatchEncoder: Sendable {
    let statements: JournalStatements

    package init(statements: JournalStatements) {
        self.statements = statements
    }

    /// A pipeline, and how many rows each of its statements must report.
    package struct Batch: Sendable {
        package var pipeline: Pipeline
        /// By position in the pipeline: how many rows a statement that counts must have written.
        package var expected: [(statement: Int, rows: Int, kind: Counted)] = []
        /// How it is fenced.
        package var way = SessionFence.Way.call

        package enum Counted: Sendable { case starts, records, outcomes }
    }

    /// The checkpoint that a batch consists of, if it is small.
    package static func lone(_ entries: [WriteEntry]) -> JournalRecord? {
        guard entries.count == 1, entries[0].size <= self.small, case .record(let record) = entries[0].row else {
            return nil
        }
        return record
    }

    /// Encodes rows, all of them of runs of one identity.
    ///
    /// - Parameters:
    ///   - isExplicit: say BEGIN and COMMIT, for sessions whose settings cannot be trusted (transaction pooling).
    ///   - way: how a lone small checkpoint is fenced.
    package func encode(
        _ entries: [WriteEntry],
        as executor: ExecutorIdentity,
        isExplicit: Bool,
        way: SessionFence.Way = .call
    ) -> Batch {
        if !isExplicit, let record = Self.lone(entries) { return self.alone(record, entries[0].lane, executor, way) }
        let few = Self.fewRecords(in: entries)
        var singles: [Statement] = []
        var starts = StartColumns()
        var guardedStarts = StartColumns()
        var records = RecordColumns()
        var ownedRecords = RecordColumns()
        var outcomes = OutcomeColumns()
        var childOutcomes = OutcomeColumns()
        var releases = ReleaseColumns()
        var riders: RiderColumns?
        var lineage = LineageColumns()
        var wantsCommit = false
        for entry in entries {
            switch entry.row {
            case .start(let row):
                if row.isGuarded { guardedStarts.append(row, entry.lane) } else { starts.append(row, entry.lane) }
            case .record(let record) where few: singles.append(self.single(record, entry.lane, executor))
            case .record(let record): records.append(record, entry.lane)
            case .call(let record, let list):
                records.append(record, entry.lane)
                for rider in list { riders.append(rider, entry.lane) }
            case .starting(let record, let rows):
                ownedRecords.append(record, entry.lane)
                for row in rows { lineage.append(row, entry.lane) }
            case .riders(let list): for rider in list { riders.append(rider, entry.lane) }
            case .outcome(let row) where row.hasParent: childOutcomes.append(row, entry.lane)
            case .outcome(let row): outcomes.append(row, entry.lane)
            case .lineage(let row): lineage.append(row, entry.lane)
            case .release(let row): releases.append(row, entry.lane)
            case .commit: wantsCommit = true
            }
        }
        var list: [Statement] = []
        list.reserveCapacity(8)
        var batch = Batch(pipeline: Pipeline([]))
        if isExplicit { list.append(Statement(Self.begin, [])) }
        list.append(self.fence(executor))
        list += singles
        if records.count > 0 { list.append(Statement(self.statements.record, records.parameters(executor))) }
        if starts.count > 0 { list.append(Statement(self.statements.start, starts.parameters(executor))) }
        if guardedStarts.count > 0 {
            batch.expected.append((list.count, guardedStarts.count, .starts))
            list.append(Statement(self.statements.guardedStart, guardedStarts.parameters(executor)))
        }
        if let riders { list += riders.statements(self.statements.messages) }
        let insertions = lineage.insertions(self.statements.lineage)
        list += insertions
        if ownedRecords.count > 0 {
            batch.expected.append((list.count, ownedRecords.count, .records))
            list.append(Statement(self.statements.ownedRecord, ownedRecords.parameters(executor)))
        }
        if childOutcomes.count > 0 {
            batch.expected.append((list.count, childOutcomes.count, .outcomes))
            list.append(Statement(self.statements.lineage.childOutcome, childOutcomes.parameters(executor)))
        }
        if outcomes.count > 0 {
            batch.expected.append((list.count, outcomes.count, .outcomes))
            list.append(Statement(self.statements.outcome, outcomes.parameters(executor)))
        }
        if releases.count > 0 { list.append(Statement(self.statements.release, releases.parameters)) }
        list += lineage.changes(self.statements.lineage, executor)
        let writes =
            insertions.count + singles.count + records.count + ownedRecords.count + starts.count + guardedStarts.count
        if wantsCommit, writes == 0 { list.append(Statement(self.statements.commit, [])) }
        if isExplicit { list.append(Statement(Self.commit, [])) }
        batch.pipeline = Pipeline(list)
        return batch
    }

    /// The statement that refuses a superseded executor.
    package func fence(_ executor: ExecutorIdentity) -> Statement {
        Statement(
            self.statements.fence,
            [Parameter(executor.number), Parameter(executor.epoch), Parameter(executor.server)]
        )
    }

    /// Up to how many bytes a row is small.
    private static let small = 16 << 10
    /// Up to how many checkpoints are written one by one: from the fifth on the arrays are cheaper.
    private static let few = 4

    private static func fewRecords(in entries: [WriteEntry]) -> Bool {
        if entries.count <= Self.few { return true }
        var records = 0
        for entry in entries {
            guard case .record = entry.row else { continue }
            records += 1
            if records > Self.few { return false }
        }
        return true
    }

    private func single(_ record: JournalRecord, _ lane: RunLane, _ executor: ExecutorIdentity) -> Statement {
        Statement(self.statements.singleRecord, self.parameters(record, lane, executor))
    }

    private func alone(
        _ record: JournalRecord,
        _ lane: RunLane,
        _ executor: ExecutorIdentity,
        _ way: SessionFence.Way
    ) -> Batch {
        let row = self.parameters(record, lane, executor)
        if case .held(let proof) = way {
            let statement = Statement(self.statements.heldRecord, row + [Parameter(proof)])
            return Batch(pipeline: Pipeline([statement]), expected: [(0, 1, .records)], way: way)
        }
        let identity = [Parameter(executor.epoch), Parameter(executor.server)]
        var list = [Statement(self.statements.fencedRecord, row + identity)]
        if case .callAndHold(let backend) = way {
            list.append(
                Statement(self.statements.holdFence, [Parameter(executor.number)] + identity + [Parameter(backend)])
            )
        }
        return Batch(pipeline: Pipeline(list), way: way)
    }

    private func parameters(
        _ record: JournalRecord,
        _ lane: RunLane,
        _ executor: ExecutorIdentity
    ) -> [Parameter] {
        var output = Parameter.null(.json)
        if case .bytes(let bytes) = record.output { output = Parameter(bytes: bytes, type: .json) }
        return [
            Parameter(lane.workflow), Parameter(record.place.scope), Parameter(record.place.position),
            Parameter(record.phase), Parameter(record.kind.rawValue), Parameter(record.attempt),
            Parameter(lane.token), Parameter(PostgresTimestamp(microseconds: record.at)),
            record.seconds.map { Parameter($0) } ?? .null(.float4),
            record.due.map { Parameter(PostgresTimestamp(microseconds: $0)) } ?? .null(.timestamptz),
            Parameter(record.name), output,
            record.error.map { Parameter(bytes: $0, type: .json) } ?? .null(.json),
            record.fingerprint.map { Parameter($0) } ?? .null(.int8),
            Parameter(executor.number),
        ]
    }

    private static let begin = StatementText("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
    private static let commit = StatementText("COMMIT")
}

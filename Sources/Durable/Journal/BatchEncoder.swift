// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

package import Libpq

/// Turns rows into the one pipeline that writes them: the fence first, then one statement per kind of row, in lock order.
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

        package enum Counted: Sendable { case starts, outcomes }
    }

    /// Encodes rows, all of them of runs of one identity.
    ///
    /// - Parameter isExplicit: say BEGIN and COMMIT, for sessions whose settings cannot be trusted (transaction pooling).
    package func encode(_ entries: [WriteEntry], as executor: ExecutorIdentity, isExplicit: Bool) -> Batch {
        var starts = StartColumns()
        var guardedStarts = StartColumns()
        var records = RecordColumns()
        var outcomes = OutcomeColumns()
        var releases = ReleaseColumns()
        var wantsCommit = false
        for entry in entries {
            switch entry.row {
            case .start(let row):
                if row.isGuarded { guardedStarts.append(row, entry.lane) } else { starts.append(row, entry.lane) }
            case .record(let record): records.append(record, entry.lane)
            case .outcome(let row): outcomes.append(row, entry.lane)
            case .release(let row): releases.append(row, entry.lane)
            case .commit: wantsCommit = true
            }
        }
        var list: [Statement] = []
        list.reserveCapacity(8)
        var batch = Batch(pipeline: Pipeline([]))
        if isExplicit { list.append(Statement(Self.begin, [])) }
        list.append(self.fence(executor))
        if records.count > 0 { list.append(Statement(self.statements.record, records.parameters(executor))) }
        if starts.count > 0 { list.append(Statement(self.statements.start, starts.parameters(executor))) }
        if guardedStarts.count > 0 {
            batch.expected.append((list.count, guardedStarts.count, .starts))
            list.append(Statement(self.statements.guardedStart, guardedStarts.parameters(executor)))
        }
        if outcomes.count > 0 {
            batch.expected.append((list.count, outcomes.count, .outcomes))
            list.append(Statement(self.statements.outcome, outcomes.parameters(executor)))
        }
        if releases.count > 0 { list.append(Statement(self.statements.release, releases.parameters)) }
        let writes = records.count + starts.count + guardedStarts.count
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

    private static let begin = StatementText("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
    private static let commit = StatementText("COMMIT")
}

/// The columns of starts.
private struct StartColumns {
    private var id = ArrayColumn(.text)
    private var name = ArrayColumn(.text)
    private var version = ArrayColumn(.int4)
    private var seed = ArrayColumn(.uuid)
    private var input = ArrayColumn(.json)
    private var deadline = ArrayColumn(.timestamptz)
    private var createdAt = ArrayColumn(.timestamptz)
    private var run = ArrayColumn(.int8)

    var count: Int { self.id.count }

    mutating func append(_ row: StartRow, _ lane: RunLane) {
        self.id.append(lane.workflow)
        self.name.append(row.name)
        self.version.append(row.version)
        withUnsafeBytes(of: row.seed.uuid) { self.seed.append($0) }
        self.input.append(optional: row.input)
        self.deadline.append(optional: row.deadline)
        self.createdAt.append(row.createdAt)
        self.run.append(lane.token)
    }

    func parameters(_ executor: ExecutorIdentity) -> [Parameter] {
        [
            self.id.parameter, self.name.parameter, self.version.parameter, self.seed.parameter, self.input.parameter,
            self.deadline.parameter, self.createdAt.parameter, self.run.parameter,
            Parameter(executor.number), Parameter(executor.epoch),
        ]
    }
}

/// The columns of checkpoints and notes.
private struct RecordColumns {
    private var id = ArrayColumn(.text)
    private var scope = ArrayColumn(.text)
    private var position = ArrayColumn(.int4)
    private var phase = ArrayColumn(.int2)
    private var kind = ArrayColumn(.int2)
    private var attempt = ArrayColumn(.int2)
    private var run = ArrayColumn(.int8)
    private var at = ArrayColumn(.timestamptz)
    private var seconds = ArrayColumn(.float4)
    private var due = ArrayColumn(.timestamptz)
    private var name = ArrayColumn(.text)
    private var output = ArrayColumn(.json)
    private var error = ArrayColumn(.json)

    var count: Int { self.id.count }

    mutating func append(_ record: JournalRecord, _ lane: RunLane) {
        self.id.append(lane.workflow)
        self.scope.append(record.place.scope)
        self.position.append(record.place.position)
        self.phase.append(record.phase)
        self.kind.append(record.kind.rawValue)
        self.attempt.append(record.attempt)
        self.run.append(lane.token)
        self.at.append(record.at)
        self.seconds.append(optional: record.seconds)
        self.due.append(optional: record.due)
        self.name.append(record.name)
        if case .bytes(let bytes) = record.output { self.output.append(bytes) } else { self.output.appendNull() }
        self.error.append(optional: record.error)
    }

    func parameters(_ executor: ExecutorIdentity) -> [Parameter] {
        [
            self.id.parameter, self.scope.parameter, self.position.parameter, self.phase.parameter,
            self.kind.parameter, self.attempt.parameter, self.run.parameter, self.at.parameter,
            self.seconds.parameter, self.due.parameter, self.name.parameter, self.output.parameter,
            self.error.parameter, Parameter(executor.number),
        ]
    }
}

/// The columns of outcomes.
private struct OutcomeColumns {
    private var id = ArrayColumn(.text)
    private var run = ArrayColumn(.int8)
    private var status = ArrayColumn(.text)
    private var output = ArrayColumn(.json)
    private var error = ArrayColumn(.json)
    private var at = ArrayColumn(.timestamptz)

    var count: Int { self.id.count }

    mutating func append(_ row: OutcomeRow, _ lane: RunLane) {
        self.id.append(lane.workflow)
        self.run.append(lane.token)
        self.status.append(row.status.rawValue)
        self.output.append(optional: row.output)
        self.error.append(optional: row.error)
        self.at.append(row.at)
    }

    func parameters(_ executor: ExecutorIdentity) -> [Parameter] {
        [
            self.id.parameter, self.run.parameter, self.status.parameter, self.output.parameter, self.error.parameter,
            self.at.parameter, Parameter(executor.number),
        ]
    }
}

/// The columns of runs that give their workflow back.
private struct ReleaseColumns {
    private var id = ArrayColumn(.text)
    private var run = ArrayColumn(.int8)
    private var state = ArrayColumn(.text)
    private var runAt = ArrayColumn(.timestamptz)
    private var waitingFor = ArrayColumn(.text)
    private var reason = ArrayColumn(.text)
    private var error = ArrayColumn(.json)
    private var awaits = ArrayColumn(.text)
    private var mailbox = ArrayColumn(.int8)

    var count: Int { self.id.count }

    mutating func append(_ row: ReleaseRow, _ lane: RunLane) {
        self.id.append(lane.workflow)
        self.run.append(lane.token)
        self.state.append(row.state.rawValue)
        self.runAt.append(row.runAt ?? DatabaseTime.infinity)
        if let waitingFor = row.waitingFor { self.waitingFor.append(waitingFor) } else { self.waitingFor.appendNull() }
        if let reason = row.reason { self.reason.append(reason.rawValue) } else { self.reason.appendNull() }
        self.error.append(optional: row.error)
        // Names hold no control characters.
        if row.awaits.isEmpty {
            self.awaits.appendNull()
        } else {
            self.awaits.append(row.awaits.joined(separator: "\n"))
        }
        self.mailbox.append(optional: row.mailbox)
    }

    var parameters: [Parameter] {
        [
            self.id.parameter, self.run.parameter, self.state.parameter, self.runAt.parameter,
            self.waitingFor.parameter, self.reason.parameter, self.error.parameter, self.awaits.parameter,
            self.mailbox.parameter,
        ]
    }
}

extension ArrayColumn {
    fileprivate mutating func append(optional bytes: [UInt8]?) {
        if let bytes { self.append(bytes) } else { self.appendNull() }
    }

    fileprivate mutating func append(optional value: Int64?) {
        if let value { self.append(value) } else { self.appendNull() }
    }

    fileprivate mutating func append(optional value: Float?) {
        if let value { self.append(value) } else { self.appendNull() }
    }
}

// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

import Libpq

/// The columns of starts.
struct StartColumns {
    private var id = ArrayColumn(.text)
    private var name = ArrayColumn(.text)
    private var version = ArrayColumn(.int4)
    private var seed = ArrayColumn(.uuid)
    private var input = ArrayColumn(.json)
    private var deadline = ArrayColumn(.timestamptz)
    private var createdAt = ArrayColumn(.timestamptz)
    private var run = ArrayColumn(.int8)
    private var trace = ArrayColumn(.json)

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
        self.trace.append(optional: row.trace)
    }

    func parameters(_ executor: ExecutorIdentity) -> [Parameter] {
        ArrayRows.parameters([
            self.id, self.name, self.version, self.seed, self.input, self.deadline, self.createdAt, self.run,
            self.trace,
        ]) + [Parameter(executor.number), Parameter(executor.epoch)]
    }
}

/// The columns of checkpoints and notes.
struct RecordColumns {
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
    private var fingerprint = ArrayColumn(.int8)

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
        self.fingerprint.append(optional: record.fingerprint)
    }

    func parameters(_ executor: ExecutorIdentity) -> [Parameter] {
        ArrayRows.parameters([
            self.id, self.scope, self.position, self.phase, self.kind, self.attempt, self.run, self.at, self.seconds,
            self.due, self.name, self.output, self.error, self.fingerprint,
        ]) + [Parameter(executor.number)]
    }
}

/// The columns of outcomes.
struct OutcomeColumns {
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
        ArrayRows.parameters([self.id, self.run, self.status, self.output, self.error, self.at])
            + [Parameter(executor.number)]
    }
}

/// The columns of runs that give their workflow back.
struct ReleaseColumns {
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
        ArrayRows.parameters([
            self.id, self.run, self.state, self.runAt, self.waitingFor, self.reason, self.error, self.awaits,
            self.mailbox,
        ])
    }
}

extension ArrayColumn {
    mutating func append(optional bytes: [UInt8]?) {
        if let bytes { self.append(bytes) } else { self.appendNull() }
    }

    fileprivate mutating func append(optional value: Int64?) {
        if let value { self.append(value) } else { self.appendNull() }
    }

    fileprivate mutating func append(optional value: Float?) {
        if let value { self.append(value) } else { self.appendNull() }
    }
}

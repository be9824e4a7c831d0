// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// One row on its way to the database, with the run that it belongs to.
///
/// A class, since it moves from queue to batch to acknowledgement: each move costs one reference instead of a row's ten.
package final class WriteEntry: Sendable {
    package let lane: RunLane
    package let row: WriteRow
    package let size: Int

    package init(lane: RunLane, row: WriteRow) {
        self.lane = lane
        self.row = row
        self.size = row.size
    }
}

/// What the engine writes, all of it through the journal writer.
package enum WriteRow: Sendable {
    /// A new workflow that this process runs at once.
    case start(StartRow)
    /// A checkpoint or a note.
    case record(JournalRecord)
    /// A checkpoint, and what happens if and only if it is written: in one transaction, whatever else is in the batch.
    case call(JournalRecord, riders: [Rider])
    /// A checkpoint, and the children that it tells of, if the workflow is still this run's: one without the other would never
    /// be made good.
    case starting(JournalRecord, [LineageRow])
    /// What is written without a checkpoint; sent again after a lost reply, it does no harm.
    case riders([Rider])
    /// How the workflow ended.
    case outcome(OutcomeRow)
    /// The run gives its workflow back: parked, paused, or handed over.
    case release(ReleaseRow)
    /// Of children, of cancellation, or of a workflow that begins anew.
    case lineage(LineageRow)
    /// Nothing but a commit: whoever waits for it knows that everything visible before is durable.
    case commit
}

/// A new workflow.
package struct StartRow: Sendable {
    package var name: String
    package var version: Int32
    package var seed: UUID
    package var input: [UInt8]?
    package var deadline: Int64?
    package var createdAt: Int64
    /// The id was chosen by the caller, so that another start may have it already.
    package var isGuarded: Bool
    /// The trace context of whoever started it.
    package var trace: [UInt8]?
}

/// The end of a workflow.
package struct OutcomeRow: Sendable {
    package var status: WorkflowState
    package var output: [UInt8]?
    package var error: [UInt8]?
    package var at: Int64
    /// Another workflow started it, and is told.
    package var hasParent = false
}

/// What `live` says after a run has given its workflow back.
package struct ReleaseRow: Sendable {
    package var state: WorkflowState
    /// When a claim may take it; nil: when a person resumes it.
    package var runAt: Int64?
    package var waitingFor: String?
    package var reason: PauseReason?
    package var error: [UInt8]?
    /// What the router wakes it for, besides requests.
    package var awaits: [String] = []
    /// The mailbox count that the run has seen: if more has come in since, the workflow is due at once.
    package var mailbox: Int64?
}

extension WriteEntry: QueuedWrite {
    package var laneNumber: UInt64 { self.lane.number }
}

extension WriteRow {
    /// About how many bytes it takes in a batch.
    var size: Int {
        switch self {
        case .start(let row): 160 + (row.input?.count ?? 0)
        case .record(let record): record.size
        case .call(let record, let riders): riders.reduce(record.size) { $0 + $1.size }
        case .starting(let record, let rows): rows.reduce(record.size) { $0 + $1.size }
        case .riders(let riders): riders.reduce(0) { $0 + $1.size }
        case .outcome(let row): 64 + (row.output?.count ?? 0) + (row.error?.count ?? 0)
        case .release(let row): 64 + (row.error?.count ?? 0)
        case .lineage(let row): row.size
        case .commit: 16
        }
    }
}

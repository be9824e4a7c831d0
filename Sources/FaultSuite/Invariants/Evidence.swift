// SPDX-License-Identifier: Apache-2.0

/// Everything that is known at the end of a round: the tables, the files, and what the callers were told.
struct Evidence: Sendable {
    /// A row of `durable.workflow` with what became of it.
    struct WorkflowRow: Sendable {
        var id: String
        var parent: String?
        /// What it runs now: of a workflow that has begun anew, what it begins with then.
        var program: Program?
        /// What `live` says, if there is such a row.
        var state: String?
        var reason: String?
        var waitingFor: String?
        /// What `outcome` says, if there is such a row.
        var status: String?
        var output: ProgramEnd?
        var error: String?
    }

    /// A row of `durable.journal`.
    struct Record: Sendable {
        var workflow: String
        var scope: String
        var position: Int
        var phase: Int
        var kind: Int
        var name: String
        var attempt: Int
        var run: Int64
        /// Microseconds since 1970, as the row says.
        var at: Int64
        var isError: Bool
        /// The value, where it is a number; the digest, where it is a program's end.
        var value: Int64?
        /// Which workflow's end or failure it is, where it is one.
        var about: String?
        /// Of a group of children what it recorded, as JSON.
        var text: String?

        var place: String { "\(self.scope)/\(self.position)" }
    }

    /// Something that has a name in a workflow: a row of `faults.effect`, a message, a stream.
    struct Row: Sendable, Hashable {
        var workflow: String
        var name: String
    }

    /// What was accepted, by id.
    var scenarios: [String: Scenario] = [:]
    /// Workflows that somebody has asked to end, and was heard.
    var cancelled: Set<String> = []
    var workflows: [WorkflowRow] = []
    var records: [Record] = []
    /// The rows of `faults.effect`, and each by its number.
    var rows: [Row] = []
    var effects: [Int64: Row] = [:]
    var counters: [String: Int] = [:]
    /// What the triggers have seen.
    var notes: [String] = []
    /// Messages that nobody has received: workflow and name.
    var unread: [Row] = []
    /// Values that were published last, and how often one was.
    var published: [Row: Published] = [:]
    /// The elements of streams, in order.
    var streams: [Row: [Int]] = [:]
    /// The updates that were asked for, by workflow and request.
    var updates: [Row: Update] = [:]
    /// How often an event was published, by its key.
    var events: [String: Int] = [:]
    /// Waits for events that are over, and still subscribed.
    var subscribed: [Row] = []
    var lines: [EffectLine] = []
    /// What the callers were answered, by workflow and request.
    var answers: [Row: Talk.Answer] = [:]
    /// What the callers were told of the end.
    var told: [String: Told] = [:]
    /// Lines before this time are of a past that was lost.
    var restoredAt: Int64?
    /// What was seen while it went on, or of sessions at its end.
    var sightings: [Violation] = []
}

extension Evidence {
    /// A row of `durable.published`.
    struct Published: Sendable, Hashable {
        var version: Int
        var value: Int
    }

    /// A row of `durable.update_request`.
    struct Update: Sendable, Hashable {
        var state: String
        var answer: Talk.Answer?
    }
}

/// What a caller was told about the end of its workflow.
enum Told: Sendable, Hashable {
    case succeeded(Int64)
    case failed
    case cancelled
}

/// A promise that was not kept.
struct Violation: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Which invariant.
    var invariant: String
    /// Where, if it is one workflow's.
    var workflow: String?
    var words: String

    var description: String { "\(self.invariant): \(self.workflow.map { "\($0): " } ?? "")\(self.words)" }
}

// SPDX-License-Identifier: Apache-2.0

/// Everything that is known at the end of a round: the tables, the files, and what the callers were told.
struct Evidence: Sendable {
    /// A row of `durable.workflow` with what became of it.
    struct WorkflowRow: Sendable {
        var id: String
        var parent: String?
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

        var place: String { "\(self.scope)/\(self.position)" }
    }

    /// A row of `faults.effect`.
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
    var rows: [Row] = []
    var counters: [String: Int] = [:]
    /// What the triggers have seen.
    var notes: [String] = []
    /// Messages that nobody has received: workflow and name.
    var unread: [Row] = []
    var lines: [EffectLine] = []
    /// What the callers were told of the end.
    var told: [String: Told] = [:]
    /// Lines before this time are of a past that was lost.
    var restoredAt: Int64?
    /// What was seen while it went on, or of sessions at its end.
    var sightings: [Violation] = []
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

// SPDX-License-Identifier: Apache-2.0

/// What is done to each of several workflows.
struct Deed: Sendable {
    /// What it is called: `cancel`.
    let verb: String
    /// The states in which it makes sense: those that a filter selects when it names none.
    let states: [String]
    /// Whether it is asked for also when it is for one workflow only.
    let asksForOne: Bool
    /// The statement, of which the first parameter is the id, and the second one the reason.
    let statement: @Sendable (CommandStatements) -> String
    /// What the statement's answer means.
    let reading: @Sendable (Value) -> DeedResult
}

/// What became of a workflow.
struct DeedResult: Hashable, Sendable {
    let isDone: Bool
    /// For a person.
    let words: String

    static func done(_ words: String) -> DeedResult { DeedResult(isDone: true, words: words) }
    static func refused(_ words: String) -> DeedResult { DeedResult(isDone: false, words: words) }
}

// SPDX-License-Identifier: Apache-2.0

/// One durable operation of a program.
struct Operation: Codable, Sendable, Hashable {
    /// Its number in the order of the program's text, by which everybody knows it: unique in the program and its children.
    var number: Int
    var action: Action

    /// What it is called in the journal.
    var name: String { "op\(self.number)" }
}

/// What an operation does.
indirect enum Action: Codable, Sendable, Hashable {
    case step(StepPlan)
    case transaction(TransactionPlan)
    case sleep(milliseconds: Int)
    /// Waits for the next message of a name.
    case receive(signal: String)
    /// Makes a token, hands it out by a step, and waits until it is completed.
    case token
    /// Runs a program as a workflow of its own; `isDetached`: starts it, works, and waits for it then.
    case child(Program, isDetached: Bool)
    case parallel([[Operation]])
    case map([[Operation]])
    /// What is received by a branch that loses is received again behind the race.
    case race([[Operation]])
    /// `fails`: throws at its end, and is caught behind it.
    case saga([Operation], fails: Bool)
}

/// A step.
struct StepPlan: Codable, Sendable, Hashable {
    /// How long an attempt takes.
    var milliseconds = 0
    /// How many attempts fail before one works.
    var failures = 0
    /// How many attempts it has.
    var attempts = 1
    var undo = UndoPlan.none

    /// Whether its last attempt fails too.
    var fails: Bool { self.failures >= self.attempts }
}

/// A transaction that increments a counter.
struct TransactionPlan: Codable, Sendable, Hashable {
    /// Whether it throws after it has written.
    var fails = false
    var undo = UndoPlan.none
}

/// How an operation is undone.
enum UndoPlan: String, Codable, Sendable, Hashable {
    /// Not at all.
    case none
    /// At the first attempt.
    case works
    /// At the second attempt.
    case flaky
    /// Never: the workflow is paused then.
    case never
}

// SPDX-License-Identifier: Apache-2.0

/// One durable operation of a program.
struct Operation: Codable, Sendable, Hashable {
    /// Its number in the order of the program's text, by which everybody knows it: unique in the program and its children.
    var number: Int
    var action: Action

    /// What it is called in the journal.
    var name: String { "op\(self.number)" }

    /// The programs that it runs as workflows of their own.
    var programs: [Program] {
        switch self.action {
        case .child(let program, _): [program]
        case .enqueue(let programs), .children(let programs, _): programs
        default: []
        }
    }

    /// What it appends to a stream.
    var elements: [Int] {
        guard case .append(_, let count) = self.action else { return [] }
        return count == 0 ? [self.number] : (0..<count).map { self.number * 100 + $0 }
    }
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
    /// Looks at the world again and again, until it is as it should be.
    case poll
    /// Publishes its number under a name.
    case publish(name: String)
    /// Waits for an event that nobody else waits for; `isOwn`: one that a transaction of the workflow itself has published.
    case event(isOwn: Bool)
    /// Waits for the next update of a name, and answers it by a transaction.
    case answer(update: String)
    /// Appends to a stream: its number, or by a step so many elements.
    case append(stream: String, elements: Int)
    /// Enqueues programs by a transaction, more than one of them in bulk.
    case enqueue([Program])
    /// Runs programs as a group of children.
    case children([Program], GroupPlan)
}

/// A group of children.
struct GroupPlan: Codable, Sendable, Hashable {
    /// How many are under way at a time; nil: all of them.
    var concurrency: Int?
    /// How many may fail; nil: all of them.
    var tolerated: Int?
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

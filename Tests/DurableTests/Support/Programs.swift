// SPDX-License-Identifier: Apache-2.0

import Synchronization

@testable import Durable

/// A workflow whose program is handed in: a test says what it does where it says what is expected of it.
struct Program<Input: Codable & Sendable, Output: Codable & Sendable>: Workflow {
    static var name: String { "program" }
    static var failures: [any (Error & Codable & Sendable).Type] { [CardRefused.self] }

    let body: @Sendable (Input, WorkflowContext) async throws -> Output

    init(_ body: @escaping @Sendable (Input, WorkflowContext) async throws -> Output) { self.body = body }

    func run(_ input: Input, in workflow: WorkflowContext) async throws -> Output {
        try await self.body(input, workflow)
    }
}

/// A program without an input.
typealias Plain<Output: Codable & Sendable> = Program<Nothing, Output>

/// Another workflow, for tests with two.
struct Other: Workflow {
    static var name: String { "other" }

    func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> String {
        try await workflow.step("other") { _ in "other" }
    }
}

/// An error that `Program` declares: thrown as itself, live and on replay.
struct CardRefused: Error, Codable, Hashable {
    var reason: String
}

/// An error that nobody declares.
struct Outage: Error, CustomStringConvertible {
    var description = "the line is dead"
}

/// Closed until somebody opens it.
///
/// Waiting ends with an error when the task is cancelled.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiters: [Int: CheckedContinuation<Void, any Error>] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    func open() {
        let waiters = self.state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async throws {
        let number = self.state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (waiter: CheckedContinuation<Void, any Error>) in
                let outcome = self.state.withLock { state -> Result<Void, any Error>? in
                    if state.isOpen { return .success(()) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    state.waiters[number] = waiter
                    return nil
                }
                if let outcome { waiter.resume(with: outcome) }
            }
        } onCancel: {
            self.state.withLock { $0.waiters.removeValue(forKey: number) }?.resume(throwing: CancellationError())
        }
    }
}

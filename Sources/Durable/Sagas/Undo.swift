// SPDX-License-Identifier: Apache-2.0

/// How a step that returns such a value is undone.
///
/// A class: where there is none, as with nearly every step, the runtime is not asked for the type.
final class Undo<Value: Codable & Sendable>: Sendable {
    /// Undoes it in the scope of the context, given what it returned; nil where it failed, or nobody knows.
    let perform: @Sendable (Value?, WorkflowContext) async throws -> Void

    init(_ perform: @escaping @Sendable (Value?, WorkflowContext) async throws -> Void) {
        self.perform = perform
    }

    func entry(at place: Place, _ value: Value?) -> UndoRegistry.Entry {
        let perform: nonisolated(nonsending) @Sendable (WorkflowContext) async throws -> Void = { context in
            try await self.perform(value, context)
        }
        return UndoRegistry.Entry(place: place, isInformed: value != nil, perform: perform)
    }
}

extension WorkflowContext {
    /// Undoes a step by a step of its own.
    func undo(
        _ name: String,
        retry: RetryPolicy?,
        _ body: @escaping @Sendable (StepContext) async throws -> Void
    ) async throws {
        try await self.undo(name, by: .step, retry: retry) { _, step, attempts in
            try await self.attempt(step, timeout: nil, body)
            try await attempts.succeed(with: nil, context: self)
        }
    }

    /// Undoes a transaction by a transaction of its own.
    func undo(
        transaction name: String,
        retry: RetryPolicy?,
        _ body: @escaping @Sendable @concurrent (Transaction) async throws -> Void
    ) async throws {
        try await self.undo(name, by: .transaction, retry: retry) { call, _, attempts in
            let step = TransactionStep(call: call, isolation: .readCommitted, context: self)
            _ = try await step.perform(attempts) { transaction in
                try await body(transaction)
                return Nothing()
            }
        }
    }

    /// Attempts an undo until it is recorded.
    func undo(
        _ name: String,
        by kind: JournalKind,
        retry: RetryPolicy?,
        _ attempt: (LiveCall, StepContext, Attempts) async throws -> Void
    ) async throws {
        guard case .live(let call) = try await self.begin(unchecked: kind, "undo \(name)") else { return }
        let attempts = try Attempts(of: call, retry: retry, context: self)
        while true {
            let step = try await attempts.next(timeout: nil, context: self)
            do {
                return try await attempt(call, step, attempts)
            } catch let recorded as AlreadyRecorded {
                _ = self.found(recorded, by: call)
                return
            } catch {
                try await attempts.failed(error, isUndo: true, context: self)
            }
        }
    }
}

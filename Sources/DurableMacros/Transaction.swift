// SPDX-License-Identifier: Apache-2.0

/// Makes a function a transaction step: beside the function that you write, which takes a `Transaction`, stands one that
/// takes the `WorkflowContext`, and commits what yours writes together with its checkpoint, exactly once.
///
/// ```swift
/// @Transaction
/// func reserve(_ order: Order, in transaction: Transaction) async throws -> Reservation {
///     try await transaction.execute("INSERT INTO reservation (order_id) VALUES (\(order.id))")
///     return Reservation(orderID: order.id)
/// }
///
/// let reservation = try await self.reserve(order, in: workflow)
/// ```
///
/// The transaction is the last parameter; the others are the step's inputs, `Codable` and `Sendable`. On an actor the
/// function must be `nonisolated`: a transaction belongs to one task, and does not cross into an actor.
///
/// - Parameters:
///   - name: What it is called in the journal, views and logs. By default the function's name inside a workflow's type, and
///     `Type.function` outside it. Pin it before you rename the function: running workflows know it by this name.
///   - isolation: The isolation level. A serialization failure or deadlock repeats the body, and is not an attempt.
///   - retry: When a failed attempt is followed by another; by default never, since what fails is rolled back whole.
///   - failures: Error types of this step, besides those of the workflow, that are thrown again as themselves on replay.
///   - inputs: What happens when the step is replayed with other inputs than it was recorded with.
///   - undoRetry: When a failed attempt to undo is followed by another, where a call hands over an `undo`; nil: the engine's
///     default.
@attached(peer, names: overloaded)
public macro Transaction(
    _ name: String? = nil,
    isolation: PostgresIsolation = .readCommitted,
    retry: RetryPolicy = .never,
    failures: [any (Error & Codable & Sendable).Type] = [],
    inputs: InputCheck = .checked,
    undoRetry: RetryPolicy? = nil
) = #externalMacro(module: "DurableMacrosPlugin", type: "TransactionMacro")

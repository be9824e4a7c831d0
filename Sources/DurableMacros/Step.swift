// SPDX-License-Identifier: Apache-2.0

/// Makes a function a step: beside the function that you write, which takes a `StepContext`, stands one that takes the
/// `WorkflowContext`, runs yours at least once and records its result once.
///
/// ```swift
/// @Step(retry: .exponential(attempts: 5))
/// func charge(_ order: Order, in step: StepContext) async throws -> Charge {
///     try await self.payments.charge(order.total, idempotencyKey: step.idempotencyKey)
/// }
///
/// let charge = try await self.charge(order, in: workflow)
/// ```
///
/// A second overload takes what undoes the step, should the workflow fail or be cancelled:
///
/// ```swift
/// let charge = try await self.charge(order, in: workflow) { _, step in
///     try await self.payments.refund(order.id, idempotencyKey: step.idempotencyKey)
/// }
/// ```
///
/// Only the engine makes a `StepContext`, so a step cannot run unrecorded by mistake. It is the last parameter; the others
/// are the step's inputs, `Codable` and `Sendable`.
///
/// - Parameters:
///   - name: What it is called in the journal, views and logs. By default the function's name inside a workflow's type, and
///     `Type.function` outside it. Pin it before you rename the function: running workflows know it by this name.
///   - retry: When a failed attempt is followed by another; nil: the engine's default.
///   - timeout: How long one attempt may take; nil: as long as it likes.
///   - failures: Error types of this step, besides those of the workflow, that are thrown again as themselves on replay.
///   - inputs: What happens when the step is replayed with other inputs than it was recorded with.
///   - undoRetry: When a failed attempt to undo is followed by another, where a call hands over an `undo`; nil: the engine's
///     default.
@attached(peer, names: overloaded)
public macro Step(
    _ name: String? = nil,
    retry: RetryPolicy? = nil,
    timeout: Duration? = nil,
    failures: [any (Error & Codable & Sendable).Type] = [],
    inputs: InputCheck = .checked,
    undoRetry: RetryPolicy? = nil
) = #externalMacro(module: "DurableMacrosPlugin", type: "StepMacro")

// SPDX-License-Identifier: Apache-2.0

/// A workflow: an ordinary `async` function whose steps are recorded, so that it survives the death of its process.
///
/// `run` is executed again from the top after a crash; every call on its context that had been recorded returns what was
/// recorded, without any effect, until the point is reached where the work had stopped. So `run` must make the same calls in
/// the same order for the same input and results: no clock, chance or outside call except through the context.
///
/// ```swift
/// struct Checkout: Workflow {
///     let payments: PaymentsClient
///
///     func run(_ order: Order, in workflow: WorkflowContext) async throws -> Receipt {
///         let charge = try await workflow.step("charge", retry: .exponential(attempts: 5)) { [payments] step in
///             try await payments.charge(order.total, idempotencyKey: step.idempotencyKey)
///         }
///         return Receipt(charge: charge)
///     }
/// }
/// ```
///
/// Dependencies are stored properties of the value that is given to the engine. A workflow type must not be isolated to a
/// global actor.
public protocol Workflow: Sendable {
    /// What `run` takes; ``Nothing`` for a workflow without an input.
    associatedtype Input: Codable & Sendable
    /// What `run` returns; ``Nothing`` for a workflow without a result.
    associatedtype Output: Codable & Sendable

    /// The name under which it is recorded. By default the name of the type; pin it, so that renaming the type does not
    /// orphan running workflows.
    static var name: String { get }

    /// The version that this code declares: a small number that a person raises when the code can no longer follow the
    /// histories of the version before. By default 1.
    static var version: Int { get }

    /// The versions whose workflows this code can take up. By default only its own.
    static var resumes: ClosedRange<Int> { get }

    /// How long the whole workflow may take, waits included, by the database's clock; nil (the default): for ever.
    static var timeout: Duration? { get }

    /// The errors that are recorded and thrown again as themselves, by its steps, its branches and its handle. Every other
    /// error is thrown as a ``StepFailure``, live and on replay alike.
    static var failures: [any (Error & Codable & Sendable).Type] { get }

    /// The steps that the type declares, by its annotations; empty where it has none.
    ///
    /// Shown in `durable.executor.workflows`. Nothing is decided by it.
    static var declaredSteps: [StepDescription] { get }

    /// The program.
    @concurrent
    func run(_ input: Input, in workflow: WorkflowContext) async throws -> Output
}

extension Workflow {
    /// The name of the type.
    public static var name: String { String(describing: Self.self) }
    /// 1.
    public static var version: Int { 1 }
    /// Only its own version.
    public static var resumes: ClosedRange<Int> { self.version...self.version }
    /// No limit.
    public static var timeout: Duration? { nil }
    /// None.
    public static var failures: [any (Error & Codable & Sendable).Type] { [] }
    /// None.
    public static var declaredSteps: [StepDescription] { [] }
}

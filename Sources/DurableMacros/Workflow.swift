// SPDX-License-Identifier: Apache-2.0

/// Makes a struct or an enum a workflow: conforms it to `Workflow`, and checks that `run`, and every function in it that
/// takes the context, can be replayed.
///
/// ```swift
/// @Workflow("checkout", version: 2, resumes: 1...2)
/// struct Checkout {
///     let payments: PaymentsClient
///
///     func run(_ order: Order, in workflow: WorkflowContext) async throws -> Receipt {
///         let charge = try await self.charge(order, in: workflow)
///         return Receipt(charge: charge)
///     }
/// }
/// ```
///
/// `run` takes the `WorkflowContext` last. Before it stand no inputs, one, or several: several are recorded as one object,
/// the nested type `Input`. It may return nothing.
///
/// - Parameters:
///   - name: The name under which it is recorded; by default that of the type. Pin it before you rename the type.
///   - version: The version that this code declares, from 1 on: raise it when the code can no longer follow the histories of
///     the version before.
///   - resumes: The versions whose workflows this code can take up; by default only its own.
///   - strict: Whether what the check finds is an error, rather than a warning.
@attached(
    extension,
    conformances: Workflow,
    names: named(name),
    named(version),
    named(resumes),
    named(declaredSteps),
    named(Input),
    named(Output),
    named(run)
)
public macro Workflow(
    _ name: String? = nil,
    version: Int = 1,
    resumes: ClosedRange<Int>? = nil,
    strict: Bool = false
) = #externalMacro(module: "DurableMacrosPlugin", type: "WorkflowMacro")

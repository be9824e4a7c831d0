// SPDX-License-Identifier: Apache-2.0

/// The two kinds of function that can be checkpointed.
enum CheckpointKind {
    case step
    case transaction

    /// The annotation, without its `@`.
    var attribute: String {
        switch self {
        case .step: "Step"
        case .transaction: "Transaction"
        }
    }

    /// The type that only the engine can make a value of, and that the function takes last.
    var capability: String {
        switch self {
        case .step: "StepContext"
        case .transaction: "Transaction"
        }
    }

    /// What such a parameter is called where the macro writes it.
    var parameter: String {
        switch self {
        case .step: "step"
        case .transaction: "transaction"
        }
    }

    /// The method of the context that does the work.
    var method: String { self.parameter }

    /// The other annotation.
    var other: CheckpointKind {
        switch self {
        case .step: .transaction
        case .transaction: .step
        }
    }
}

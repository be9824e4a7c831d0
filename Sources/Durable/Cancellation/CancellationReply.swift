// SPDX-License-Identifier: Apache-2.0

/// What became of a request to cancel a workflow.
public enum CancellationReply: Sendable, Hashable {
    /// The workflow was asked to end. Its running steps are cancelled, its undos run, and then it is `cancelled`; unless it
    /// ends by itself before it hears of it.
    case requested
    /// It is being cancelled already.
    case alreadyCancelling
    /// It has ended, in this state; nothing was asked.
    case alreadyEnded(WorkflowState)

    init(_ word: String) {
        switch word {
        case "cancelling": self = .alreadyCancelling
        case "requested": self = .requested
        default: self = WorkflowState(rawValue: word).map { .alreadyEnded($0) } ?? .requested
        }
    }
}

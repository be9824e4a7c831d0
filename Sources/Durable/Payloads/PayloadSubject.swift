// SPDX-License-Identifier: Apache-2.0

/// What a payload is: by this ``PayloadCodecs`` decides how it is encoded.
public struct PayloadSubject: Sendable, Hashable {
    /// What kind of payload it is.
    public enum Kind: String, Sendable, Hashable {
        /// The input of a workflow.
        case input
        /// The result of a workflow.
        case output
        /// The result of a step, a transaction or a poll.
        case step
        /// The words and the value of an error that a step or a workflow threw.
        case error
        /// What is sent, published or streamed: signals, tokens, events, values, updates and their answers.
        case message
    }

    /// What kind of payload it is.
    public var kind: Kind
    /// The name of the workflow, where it is known.
    public var workflow: String?
    /// The name of the step, or of the message.
    public var name: String?

    /// Makes one.
    public init(_ kind: Kind, workflow: String? = nil, name: String? = nil) {
        self.kind = kind
        self.workflow = workflow
        self.name = name
    }
}

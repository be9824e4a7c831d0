// SPDX-License-Identifier: Apache-2.0

/// How a checkpoint that travels alone is fenced: by the fence itself, or by a session that holds it.
///
/// Pure: the encoder carries out what it says, and the writer tells what came of it.
///
/// The fence's lock and its look at the epoch cost a lone checkpoint a tenth of its time. A session that has taken the lock for
/// as long as it lives, and has looked at the epoch behind it, needs neither again: whoever takes its process over must end it first. What is
/// left is to ask whether this is still that session.
package struct SessionFence: Sendable {
    /// What a lone checkpoint does about the fence.
    package enum Way: Sendable, Equatable {
        /// It calls the fence.
        case call
        /// It calls the fence, and asks the session, which the client was told has this process id, to hold it from then on.
        case callAndHold(backend: Int32)
        /// It asks whether the session holds it.
        case held(proof: String)
    }

    private enum State {
        case untried
        /// The question is on its way.
        case asked
        case held(ExecutorIdentity, proof: String)
        /// The session is not the writer's own, or does not keep what it was told.
        case refused
    }

    private let backend: Int32
    private var state = State.untried

    /// Of a new session.
    ///
    /// - Parameter backend: The process id that the client was told; a pooler makes one up.
    package init(backend: Int32) { self.backend = backend }

    /// How the next lone checkpoint of an identity is fenced.
    package mutating func next(for executor: ExecutorIdentity) -> Way {
        switch self.state {
        case .held(executor, let proof): return .held(proof: proof)
        case .untried, .held:
            self.state = .asked
            return .callAndHold(backend: self.backend)
        case .asked, .refused: return .call
        }
    }

    /// A checkpoint has committed that asked the session to hold the fence.
    ///
    /// - Parameter proof: What the session can be recognised by; nil when it cannot hold it.
    package mutating func answered(_ proof: String?, for executor: ExecutorIdentity) {
        self.state = proof.map { .held(executor, proof: $0) } ?? .refused
    }

    /// A batch was not simply committed.
    ///
    /// - Parameter way: How it was fenced.
    package mutating func failed(_ way: Way) {
        switch way {
        case .call: return
        case .callAndHold: self.state = .untried
        // Written by nobody: the session has forgotten what it was told, and may do so again.
        case .held: self.state = .refused
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Libpq

/// How a checkpoint that travels alone, or a transaction step, is fenced: by the fence itself, or by a session that holds it.
///
/// Pure: the writer and the steps carry out what it says, and tell what came of it.
///
/// The fence's look at the epoch costs both of them a tenth of their time. A session that has taken the fence's lock for as long
/// as it lives, and has looked at the epoch behind it, need not look again: whoever takes its process over must end it first. What is left
/// is to ask whether this is still that session.
package struct SessionFence: Sendable {
    /// What a lone checkpoint does about the fence.
    package enum Way: Sendable, Equatable {
        /// The fence is called.
        case call
        /// The fence is called, and the session, which the client was told has this process id, is asked to hold it from then on.
        case callAndHold(backend: Int32)
        /// The session is asked whether it holds it.
        case held(proof: String)
    }

    private enum State {
        case untried
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

    /// How the next write of an identity is fenced.
    package func way(for executor: ExecutorIdentity) -> Way {
        switch self.state {
        case .held(executor, let proof): .held(proof: proof)
        case .untried, .held: .callAndHold(backend: self.backend)
        case .refused: .call
        }
    }

    /// What asked the session to hold the fence has committed.
    ///
    /// - Parameter proof: What the session can be recognised by; nil when it cannot hold it.
    package mutating func answered(_ proof: String?, for executor: ExecutorIdentity) {
        self.state = proof.map { .held(executor, proof: $0) } ?? .refused
    }

    /// The session does not hold what it was believed to hold: it was reset, and may be again.
    package mutating func forgotten() { self.state = .refused }
}

extension PostgresConnection {
    /// Asks, or tells, how writes over this session are fenced.
    func withSessionFence<R: Sendable>(_ body: (inout SessionFence) -> R) -> R {
        self.withAttachment { attachment in
            var fence = attachment as? SessionFence ?? SessionFence(backend: self.backendPID)
            defer { attachment = fence }
            return body(&fence)
        }
    }
}

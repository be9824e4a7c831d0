// SPDX-License-Identifier: Apache-2.0

import Libpq
import Synchronization

/// Looks for the replies to a transaction step that the process has nothing to do beside, on the thread that waits for them.
///
/// A transaction step is a chain of replies that one workflow waits for, and each wait costs the wake-ups of two idle threads,
/// the poller's and the pool's: twice the time of a quick statement. With anybody else about those are awake.
final class TransactionSpin: Sendable {
    /// What is waited for: a body's statements may take any time, whatever a commit takes.
    enum Reply {
        case statement
        case commit
    }

    private struct State {
        var statements: ReplySpin
        var commits: ReplySpin

        subscript(_ reply: Reply) -> ReplySpin {
            get {
                switch reply {
                case .statement: self.statements
                case .commit: self.commits
                }
            }
            set {
                switch reply {
                case .statement: self.statements = newValue
                case .commit: self.commits = newValue
                }
            }
        }
    }

    private let open = Atomic(0)
    private let state: Mutex<State>
    /// Whether nobody else writes or waits for a write.
    private let isQuiet: @Sendable () -> Bool

    init(_ spin: ReplySpin, isQuiet: @escaping @Sendable () -> Bool) {
        self.state = Mutex(State(statements: spin, commits: spin))
        self.isQuiet = isQuiet
    }

    /// A transaction step has a connection.
    func began() { self.open.add(1, ordering: .relaxed) }

    /// It has given its connection back.
    func ended() { self.open.subtract(1, ordering: .relaxed) }

    /// Looks for the reply to what was just sent, for a moment, if the transaction is alone; else leaves it to the poller.
    func look(for reply: Reply, on connection: PostgresConnection) {
        guard self.isAlone, let limit = self.state.withLock({ $0[reply].next() }) else { return }
        let isAnswered = connection.spin(for: limit) { self.isAlone }
        // Interrupted by somebody else it says nothing about the server.
        if isAnswered || self.isAlone { self.state.withLock { $0[reply].ended(answered: isAnswered) } }
    }

    private var isAlone: Bool { self.open.load(ordering: .relaxed) == 1 && self.isQuiet() }
}

// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging
import Synchronization

/// Tells other processes to look: notifications are collected while one is on its way, and sent apart from all data.
///
/// Losing one costs time only: everybody polls.
package final class WakeNotifier: Sendable {
    private struct State {
        var waiting: Set<Wake> = []
        var isSending = false
        /// What this process does with a hint by itself, before any other hears of it.
        var local: @Sendable (Wake) -> Bool = { _ in false }
        var isStopped = false
    }

    private let pool: PostgresPool
    private let statements: WakeStatements
    private let channel: String
    private let logger: Logger
    private let state = Mutex(State())

    init(pool: PostgresPool, schema: SchemaName, logger: Logger) {
        self.pool = pool
        self.statements = WakeStatements(schema: schema)
        self.channel = schema.name
        self.logger = logger
    }

    /// Lets this process act on hints itself: true from the closure means that no other process need hear of it.
    func handleLocally(_ local: @escaping @Sendable (Wake) -> Bool) {
        self.state.withLock { $0.local = local }
    }

    /// Sends nothing any more.
    func stop() {
        self.state.withLock { state in
            state.isStopped = true
            state.local = { _ in false }
            state.waiting = []
        }
    }

    /// Gives a hint, after the commit of what it is about.
    func post(_ wake: Wake) {
        let local = self.state.withLock { $0.local }
        if local(wake) { return }
        self.tellOthers(wake)
    }

    /// Gives other processes a hint.
    func tellOthers(_ wake: Wake) {
        let isFirst = self.state.withLock { state in
            guard !state.isStopped else { return false }
            state.waiting.insert(wake)
            defer { state.isSending = true }
            return !state.isSending
        }
        if isFirst { Task.detached { await self.send() } }
    }

    private func send() async {
        while true {
            let wakes = self.state.withLock { state -> Set<Wake> in
                defer { state.waiting = [] }
                if state.waiting.isEmpty { state.isSending = false }
                return state.waiting
            }
            if wakes.isEmpty { return }
            var payloads = ArrayColumn(.text)
            for wake in wakes { payloads.append(wake.payload) }
            let statement = Statement(self.statements.notify, [Parameter(self.channel), payloads.parameter])
            do {
                _ = try await self.pool.withConnection {
                    try await $0.run(Pipeline([statement]), deadline: .seconds(10))
                }
            } catch {
                self.logger.debug("wake.notification_lost", metadata: ["error": "\(error)"])
            }
        }
    }
}

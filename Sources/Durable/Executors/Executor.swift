// SPDX-License-Identifier: Apache-2.0

package import Libpq
package import Logging
import Synchronization

/// This process, as the database sees it: registers it, keeps its lease, and registers it anew when it was declared dead.
///
/// ```
/// let lease = try await executor.register()       // identity of this process start
/// try await lease.waitUntilMayStartEffect()       // before every attempt of every step
/// await executor.stop()                           // others take over at once
/// ```
package final class Executor: Sendable {
    private struct State {
        var keeper: LeaseKeeper?
        /// The keeper's lease, as soon as the engine knows of it.
        var lease: Lease?
        var isStopped = false
        var renewing: Task<Void, Never>?
    }

    /// The database's time as this process knows it.
    package let clock: DatabaseClock
    private let configuration: PostgresConfiguration
    private let registration: Registration
    private let events: ExecutorEvents
    private let activity: @Sendable () -> [ActivityRow]
    private let backlog: @Sendable () -> Duration?
    private let logger: Logger
    /// A thread of its own for the lease: no user code, and no other connection, can delay a renewal.
    private let poller = Poller(name: "durable-lease")
    private let state = Mutex(State())

    /// Makes an executor that is not registered yet.
    ///
    /// - Parameters:
    ///   - activity: Steps that have been running for more than a second; asked with every renewal.
    ///   - backlog: For how long the journal has been behind, nil when it is not; asked with every renewal.
    package init(
        configuration: PostgresConfiguration,
        statements: ExecutorStatements,
        recovery: RecoveryStatements,
        options: ExecutorOptions,
        logger: Logger,
        events: ExecutorEvents = ExecutorEvents(),
        clock: DatabaseClock = DatabaseClock(),
        activity: @escaping @Sendable () -> [ActivityRow] = { [] },
        backlog: @escaping @Sendable () -> Duration? = { nil }
    ) {
        self.clock = clock
        self.configuration = configuration
        self.registration = Registration(
            statements: statements,
            recovery: recovery,
            options: options,
            facts: .current(),
            clock: clock,
            logger: logger
        )
        self.events = events
        self.activity = activity
        self.backlog = backlog
        self.logger = logger
    }

    /// The label of this executor.
    package var name: String { self.registration.name }

    /// The lease of the present identity; nil before registration, and while a dead identity is being replaced.
    package var lease: Lease? {
        self.state.withLock { state in
            guard let lease = state.lease, lease.ending == nil else { return nil }
            return lease
        }
    }

    /// Database time: microseconds since 2000-01-01 UTC, never going back.
    package func databaseNow() -> Int64 { self.clock.now() }

    /// The same for a moment of which the machine's clock was asked already, just now.
    func databaseTime(at now: ContinuousClock.Instant) -> Int64 { self.clock.time(at: now) }

    /// Registers this process under a new identity and begins to keep its lease.
    ///
    /// - Throws: `PostgresError` if the database cannot be reached or refuses; `DurableError` with code `notRunning` after `stop`.
    package func register() async throws -> Lease {
        try await self.register(replacing: nil)
    }

    /// Gives the lease back and ends every thread and connection of the executor.
    ///
    /// It cannot be registered again.
    ///
    /// - Parameter limit: How long to try; without success the lease ends by itself.
    package func stop(within limit: Duration = .seconds(3)) async {
        let (keeper, renewing) = self.state.withLock { state in
            state.isStopped = true
            return (state.keeper, state.renewing)
        }
        renewing?.cancel()
        await renewing?.value
        await keeper?.release(within: limit)
    }

    /// Tells the executor that the fence refused a transaction of one of its identities: it need not wait for the next
    /// renewal to learn that the identity is dead.
    ///
    /// Does nothing if it knows already.
    package func refused(_ identity: ExecutorIdentity, _ ending: LeaseEnding) {
        let keeper = self.state.withLock { $0.keeper }
        guard let keeper, keeper.lease.identity == identity else { return }
        keeper.end(ending)
    }

    private func register(replacing former: ExecutorIdentity?) async throws -> Lease {
        let connection = try await PostgresConnection.connect(self.configuration, on: self.poller)
        do {
            let entered = try await self.registration.register(on: connection, replacing: former)
            let options = self.registration.options.lease
            let lease = Lease(identity: entered.identity, until: entered.sentAt + options.usable)
            let keeper = LeaseKeeper(
                lease: lease,
                machine: LeaseMachine(
                    options: options,
                    server: entered.identity.server,
                    expiry: entered.expiry,
                    sentAt: entered.sentAt
                ),
                connection: connection,
                means: self.means(for: lease)
            )
            let isStopped = self.state.withLock { state in
                if !state.isStopped { state.keeper = keeper }
                return state.isStopped
            }
            if isStopped {
                await keeper.release(within: options.requestDeadline)
                throw DurableError(.notRunning, "The executor was stopped while it registered.")
            }
            self.logger.info(
                "executor.registered",
                metadata: ["executor": "\(entered.identity.number)", "executor.name": "\(self.name)"]
            )
            // Whoever writes under the new identity hears of it before anybody can claim under it.
            if former != nil { self.events.registered(lease) }
            self.state.withLock { $0.lease = lease }
            keeper.start()
            await self.settle(entered.namesakes, of: entered.identity)
            return lease
        } catch {
            connection.close()
            throw error
        }
    }

    /// What a former process of the same name has left is a matter of speed only: the recovery sweep finds it in any case.
    private func settle(_ namesakes: [Registration.Namesake], of identity: ExecutorIdentity) async {
        do {
            try await self.registration.settle(namesakes, of: identity) {
                try await PostgresConnection.connect(self.configuration, on: self.poller)
            }
        } catch {
            self.logger.warning(
                "executor.former_process_left",
                metadata: [
                    "executor": "\(identity.number)", "error": "\(error)",
                    "hint": "what a former process of this name has left is taken over when its lease ends",
                ]
            )
        }
    }

    private func means(for lease: Lease) -> LeaseKeeper.Means {
        LeaseKeeper.Means(
            poller: self.poller,
            configuration: self.configuration,
            statements: self.registration.statements,
            clock: self.clock,
            logger: self.logger,
            activity: self.activity,
            backlog: self.backlog,
            changed: { [weak self] change in self?.changed(change, of: lease) }
        )
    }

    private func changed(_ change: LeaseMachine.Change, of lease: Lease) {
        switch change {
        case .lapsed: self.events.lapsed(lease)
        case .restored: self.events.restored(lease)
        case .ended(.stopped): break
        case .ended(let ending):
            self.events.ended(lease, ending)
            self.replace(lease.identity, ending)
        }
    }

    /// Registers a new identity in place of a dead one, however long the database is away.
    ///
    /// Not on the renewal path: a process without an identity has nothing to renew.
    private func replace(_ former: ExecutorIdentity, _ ending: LeaseEnding) {
        if ending == .incarnationChanged { self.clock.reset() }
        self.state.withLock { state in
            guard !state.isStopped else { return }
            state.renewing = Task.detached {
                var delay = Duration.milliseconds(100)
                while !Task.isCancelled {
                    do {
                        _ = try await self.register(replacing: former)
                        return
                    } catch is CancellationError {
                        return
                    } catch {
                        self.logger.warning(
                            "executor.registration_failed",
                            metadata: ["executor.name": "\(self.name)", "error": "\(error)"]
                        )
                    }
                    try? await Task.sleep(for: delay * Double.random(in: 0.5...1.5))
                    delay = min(delay * 2, .seconds(5))
                }
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging
import Synchronization

/// Renews one identity's lease, on a thread and a connection of its own: nothing here needs a Swift task, so user code that
/// blocks every thread of the pool costs no lease.
///
/// The decisions are `LeaseMachine`'s. Everything but `stop` runs on the poller's thread.
final class LeaseKeeper: Sendable {
    /// What the keeper works with.
    struct Means: Sendable {
        var poller: Poller
        var configuration: PostgresConfiguration
        var statements: ExecutorStatements
        var clock: DatabaseClock
        var logger: Logger
        /// Steps that have been running for more than a second.
        ///
        /// Called on the poller's thread; must be quick.
        var activity: @Sendable () -> [ActivityRow]
        /// For how long the journal has been behind; nil when it is not.
        ///
        /// Called on the poller's thread; must be quick.
        var backlog: @Sendable () -> Duration?
        /// Called on the poller's thread (or the one that stops the keeper); must be quick.
        var changed: @Sendable (LeaseMachine.Change) -> Void
    }

    private struct State {
        var machine: LeaseMachine
        var connection: PostgresConnection?
        var timer: Poller.Timer?
        var activity = ActivityLedger()
        var isOver = false
    }

    let lease: Lease
    private let means: Means
    private let state: Mutex<State>

    /// Takes over the connection that the executor has registered with.
    init(lease: Lease, machine: LeaseMachine, connection: PostgresConnection, means: Means) {
        self.lease = lease
        self.means = means
        self.state = Mutex(State(machine: machine, connection: connection))
    }

    /// Begins to renew.
    func start() { self.handle(.timer) }

    /// Ends the identity for a reason that did not come with a renewal: a fence refused it, or this process stops.
    func end(_ ending: LeaseEnding) { self.handle(.end(ending)) }

    /// Renewals that failed since the last one that succeeded.
    var failures: Int { self.state.withLock { $0.machine.failures } }

    // MARK: - Events and actions

    private func handle(_ event: LeaseMachine.Event) {
        let now = ContinuousClock.now
        let (action, unwanted) = self.state.withLock { state -> (LeaseMachine.Action, PostgresConnection?) in
            let action = state.machine.handle(event, at: now)
            state.timer?.cancel()
            state.timer = action.wakeAt.map { instant in
                // Weak: a keeper that nobody holds any more has been replaced.
                self.means.poller.schedule(after: max(.zero, instant - now)) { [weak self] in self?.handle(.timer) }
            }
            guard case .ended(let ending) = action.change else { return (action, nil) }
            state.isOver = true
            guard ending != .stopped else { return (action, nil) }  // `release` still needs it
            defer { state.connection = nil }
            return (action, state.connection)
        }
        unwanted?.close()
        // The lease first: it must never permit more than the machine does by the time anybody is told.
        if case .ended(let ending) = action.change { self.lease.end(ending) }
        if let until = action.holdUntil { self.lease.hold(until: until) }
        if let limit = action.renewWithin { self.renew(startedAt: now, within: limit) }
        if let change = action.change { self.means.changed(change) }
    }

    // MARK: - Renewing

    private func renew(startedAt: ContinuousClock.Instant, within limit: Duration) {
        if let connection = self.state.withLock({ $0.connection }), !connection.isClosed {
            self.renew(on: connection, within: limit)
            return
        }
        var configuration = self.means.configuration
        configuration.connectTimeout = limit
        PostgresConnection.connect(configuration, on: self.means.poller) { [weak self] result in
            guard let self else {
                if case .success(let connection) = result { connection.close() }
                return
            }
            switch result {
            case .success(let connection):
                let isLate = self.state.withLock { state in
                    if state.isOver { return true }
                    state.connection = connection
                    return false
                }
                if isLate {
                    connection.close()
                } else {
                    self.renew(on: connection, within: max(.milliseconds(1), limit - (.now - startedAt)))
                }
            case .failure(let error):
                self.failed(error)
            }
        }
    }

    private func renew(on connection: PostgresConnection, within limit: Duration) {
        let identity = self.lease.identity
        let transaction = ShortTransaction(
            lockTimeout: limit,
            statements: [
                // Behind the fence, so that a takeover and a renewal cannot pass each other unseen.
                identity.fence(self.means.statements),
                // Nobody waits for this commit, and it must not wait for a standby that is away: what it may lose, the
                // server's new start makes good, since every lease then lasts at least one period longer.
                Statement(ShortTransaction.asynchronous),
                Statement(self.means.statements.observeServer),
                Statement(
                    self.means.statements.renew,
                    [Parameter(identity.number), Parameter(self.means.backlog()?.inMicroseconds)]
                ),
            ]
        )
        let sent = ContinuousClock.now
        let moves = self.means.clock.moves
        transaction.send(on: connection, deadline: limit) { [weak self] result in
            let received = ContinuousClock.now
            guard let self else { return connection.close() }
            do {
                let results = try result.get()
                let reply = try RenewalReply(results.last)
                self.means.clock.observe(sent: sent, received: received, database: reply.clock, since: moves)
                self.handle(.answered(reply))
                self.writeActivity(on: connection, within: limit)
            } catch {
                if let ending = LeaseEnding(refusal: error) {
                    self.end(ending)
                } else {
                    self.failed(error)
                }
            }
        }
    }

    private func failed(_ error: any Error) {
        let (connection, failures) = self.state.withLock { state in
            defer { state.connection = nil }
            return (state.connection, state.machine.failures + 1)
        }
        // Whatever it was, the next try shall not inherit it.
        connection?.close()
        self.means.logger.warning(
            "lease.renewal_failed",
            metadata: [
                "executor": "\(self.lease.identity.number)", "failures": "\(failures)", "error": "\(error)",
            ]
        )
        self.handle(.failed)
    }

    // MARK: - Activity

    /// A transaction apart from the renewal: a table that is only looked at must not cost anybody a lease.
    ///
    /// Its deadline is so short that it is over when the next renewal is due.
    private func writeActivity(on connection: PostgresConnection, within limit: Duration) {
        let rows = self.means.activity()
        guard
            let changes = self.state.withLock({ state in
                state.isOver || connection.isClosed ? nil : state.activity.changes(to: rows)
            })
        else { return }
        let identity = self.lease.identity
        let statements = self.means.statements
        var writes = [identity.fence(statements), Statement(ShortTransaction.asynchronous)]
        if changes.clear { writes.append(Statement(statements.clearActivity, [Parameter(identity.number)])) }
        if !changes.remove.isEmpty { writes.append(statements.removeActivity(identity.number, changes.remove)) }
        if !changes.enter.isEmpty { writes.append(statements.enterActivity(identity.number, changes.enter)) }
        let transaction = ShortTransaction(lockTimeout: limit / 4, statements: writes)
        transaction.send(on: connection, deadline: limit / 2) { [weak self] result in
            guard let self else { return }
            self.state.withLock { state in
                switch result {
                case .success: state.activity.succeeded()
                case .failure: state.activity.failed()
                }
            }
            if case .failure(let error) = result {
                self.means.logger.debug("activity.write_failed", metadata: ["error": "\(error)"])
            }
        }
    }

    // MARK: - End

    /// Gives the lease back, if the database can be reached in time; else it ends by itself.
    func release(within limit: Duration) async {
        self.end(.stopped)
        let connection = self.state.withLock { state in
            defer { state.connection = nil }
            return state.connection
        }
        let number = self.lease.identity.number
        guard self.lease.ending == .stopped else {
            connection?.close()
            return
        }
        let transaction = ShortTransaction(
            lockTimeout: limit,
            statements: [
                Statement(self.means.statements.clearActivity, [Parameter(number)]),
                Statement(self.means.statements.stop, [Parameter(number)]),
            ]
        )
        do {
            var open = connection
            if open?.isClosed ?? true {
                var configuration = self.means.configuration
                configuration.connectTimeout = limit
                open = try await PostgresConnection.connect(configuration, on: self.means.poller)
            }
            guard let open else { return }
            defer { open.close() }
            _ = try await transaction.run(on: open, deadline: limit)
        } catch {
            self.means.logger.notice(
                "lease.release_failed",
                metadata: [
                    "executor": "\(number)", "error": "\(error)", "hint": "others take over when the lease ends",
                ]
            )
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Libpq
import Logging

/// Enters this process into `durable.executor` under a new identity, and looks after what a former process of the same name
/// has left behind.
struct Registration: Sendable {
    /// An identity that was just entered.
    struct Result: Sendable {
        var identity: ExecutorIdentity
        /// Until when the lease stands, by the database's clock (microseconds since 2000-01-01).
        var expiry: Int64
        /// When the registration was sent: the lease's own deadline counts from here.
        var sentAt: ContinuousClock.Instant
        /// Other executors of this name that have a lease.
        var namesakes: [Namesake]
    }

    /// Another executor of the same name that has a lease.
    struct Namesake: Hashable, Sendable {
        var number: Int32
        var facts: ProcessFacts
    }

    let statements: ExecutorStatements
    let recovery: RecoveryStatements
    let options: ExecutorOptions
    let facts: ProcessFacts
    let clock: DatabaseClock
    let logger: Logger

    /// The label of this executor.
    var name: String { self.options.name ?? "\(self.facts.host)-\(self.facts.pid)" }

    /// Enters a new identity, and gives back what `former` still holds.
    func register(on connection: PostgresConnection, replacing former: ExecutorIdentity?) async throws -> Result {
        let offers = try JSONEncoder().encode(self.options.offers)
        let id = UUID()
        var transaction = ShortTransaction(
            lockTimeout: .seconds(2),
            statements: [
                Statement(self.statements.observeServer),
                Statement(
                    self.statements.register,
                    [
                        Self.parameter(id), Parameter(self.name), Parameter(self.facts.host), Parameter(self.facts.pid),
                        Parameter(self.facts.bootID), Parameter(self.facts.pidNamespace),
                        Parameter(self.facts.processStarted), Parameter(self.options.build),
                        Parameter(self.options.codeGeneration), Parameter(String(decoding: offers, as: UTF8.self)),
                        Parameter(self.options.lease.period.inMicroseconds),
                    ]
                ),
                Statement(self.statements.namesakes, [Parameter(self.name), Self.parameter(id)]),
            ]
        )
        if let former {
            transaction.statements.append(Statement(self.statements.stop, [Parameter(former.number)]))
        }
        let sent = ContinuousClock.now
        let moves = self.clock.moves
        let (results, received) = try await self.timed(transaction, on: connection)
        guard let row = results[1].rows.first else {
            throw PostgresError(.protocolViolation, "the registration of an executor was answered without a row")
        }
        let (number, epoch, server, clock, expiry) = try row.decode((Int32, Int32, Int64, Int64, Int64).self)
        self.clock.observe(sent: sent, received: received, database: clock, since: moves)
        return Result(
            identity: ExecutorIdentity(id: id, number: number, epoch: epoch, server: server, name: self.name),
            expiry: expiry,
            sentAt: sent,
            namesakes: try results[2].rows.map(self.decode)
        )
    }

    /// Runs a transaction, and says when its answer was in.
    ///
    /// That moment is taken on the poller's thread: the task may be resumed much later, and the clock would be wrong by that much.
    private func timed(
        _ transaction: ShortTransaction,
        on connection: PostgresConnection
    ) async throws -> ([StatementResult], ContinuousClock.Instant) {
        try await withCheckedThrowingContinuation { continuation in
            transaction.send(on: connection, deadline: .seconds(10)) { result in
                let received = ContinuousClock.now
                continuation.resume(with: result.map { ($0, received) })
            }
        }
    }

    /// One that is proven to be gone is declared dead at once; of a live one people are told, and both go on: they share the
    /// work like any two executors.
    ///
    /// - Parameter connect: Opens a connection for a takeover: it may wait for locks, and the lease's own must not.
    func settle(
        _ namesakes: [Namesake],
        of identity: ExecutorIdentity,
        connect: () async throws -> PostgresConnection
    ) async throws {
        for namesake in namesakes {
            var metadata: Logger.Metadata = [
                "executor": "\(identity.number)", "executor.name": "\(self.name)",
                "other": "\(namesake.number)", "other.host": "\(namesake.facts.host)",
                "other.pid": "\(namesake.facts.pid)",
            ]
            switch self.facts.judge(namesake.facts) {
            case .gone:
                let connection = try await connect()
                defer { connection.close() }
                let takeover = Takeover(statements: self.recovery)
                guard try await takeover.fence(namesake.number, isProvenGone: true, on: connection) else { continue }
                self.logger.notice("executor.former_process_gone", metadata: metadata)
            case .alive:
                metadata["hint"] = """
                    another live process has this executor name; both go on, each under an identity of its own, and share \
                    the work; give them different names
                    """
                self.logger.warning("executor.name_in_use", metadata: metadata)
            case .unknown:
                metadata["hint"] = """
                    an executor of this name has a lease and may be alive; its work is taken over when the lease ends, not \
                    before
                    """
                self.logger.notice("executor.name_has_lease", metadata: metadata)
            }
        }
    }

    private static func parameter(_ id: UUID) -> Parameter {
        withUnsafeBytes(of: id.uuid) { Parameter(bytes: Array($0), type: .uuid) }
    }

    private func decode(_ row: Row) throws(PostgresError) -> Namesake {
        let (number, host, pid, boot, namespace, started) = try row.decode(
            (Int32, String, Int32, String?, String?, String?).self
        )
        return Namesake(
            number: number,
            facts: ProcessFacts(
                host: host,
                pid: pid,
                bootID: boot,
                pidNamespace: namespace,
                processStarted: started
            )
        )
    }
}

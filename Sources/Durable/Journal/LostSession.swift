// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging

/// A session of this process that was given up while something was under way on it.
///
/// That its client has gone does not end it: a server process that stands still, or a network that delivers late, may
/// have it carry out later what it was sent. The journal's key refuses that, unless the workflow has begun anew by then,
/// and its places are free again. So nobody looks what it has left before it is seen to be gone.
///
/// Behind a pooler the number is the pooler's own, and finds nothing. PgBouncer itself closes the server's session of a
/// client that goes in the middle of a transaction.
struct LostSession: Sendable {
    /// The process id of its backend.
    private let pid: Int32
    /// The start of its server, as executors know it: with another server it is gone.
    private let server: Int64
    private let lostAt = ContinuousClock.now

    /// For how long its end is awaited without a word.
    private static let unusual: Duration = .seconds(1)
    /// How long the reply to a look may take.
    private static let deadline: Duration = .seconds(15)

    /// Makes the session of a connection that is used no more; nil when the server has not said who serves it.
    init?(of connection: PostgresConnection, with executor: ExecutorIdentity) {
        guard connection.backendPID != 0 else { return nil }
        self.pid = connection.backendPID
        self.server = executor.server
    }

    /// Ends it, and returns when it is gone.
    ///
    /// Where the database does not let its own user end its sessions, that is said, and it is left alone.
    ///
    /// - Parameters:
    ///   - isWanted: Asked before each further look; false, or what it throws, ends the wait.
    ///   - run: Runs a pipeline in another session, with a deadline for the reply.
    func end(
        logger: Logger,
        while isWanted: () throws -> Bool,
        _ run: (Pipeline, Duration) async throws -> [StatementResult]
    ) async throws {
        let began = ContinuousClock.now
        var tries = 0
        var isSaid = false
        while try isWanted() {
            do {
                guard try await !run(Pipeline([self.statement]), Self.deadline)[0].rows.isEmpty else { return }
            } catch let error as PostgresError where error.sqlState?.hasPrefix("42") ?? false {
                logger.warning("session.not_ended", metadata: ["pid": "\(self.pid)", "error": "\(error)"])
                return
            }
            if !isSaid, ContinuousClock.now - began > Self.unusual {
                isSaid = true
                logger.warning("session.lingers", metadata: ["pid": "\(self.pid)"])
            }
            await Backoff.pause(tries)
            tries += 1
        }
    }

    private var statement: Statement {
        Statement(
            Self.terminate,
            [
                Parameter(self.pid), Parameter((ContinuousClock.now - self.lostAt) / .seconds(1)),
                Parameter(self.server),
            ]
        )
    }

    /// Asks the session to end: a row as long as it is there.
    ///
    /// A session that was given its number meanwhile has begun after the loss; and the application's name says nothing,
    /// since the body of a transaction may set it. One that has committed and waits for a standby is left to that: ended,
    /// it would show what the standby does not have. No row is left of one that can still write.
    private static let terminate = StatementText(
        """
        SELECT wait_event IS NOT DISTINCT FROM 'SyncRep' OR pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE pid = $1 AND pid <> pg_backend_pid() AND datname = current_database() AND usename = session_user
            AND (backend_start < clock_timestamp() - make_interval(secs => $2)) IS NOT FALSE
            AND round(date_part('epoch', pg_postmaster_start_time()) * 1000000)::bigint - 946684800000000 = $3
        """,
        types: [.int4, .float8, .int8]
    )
}

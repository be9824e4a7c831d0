// SPDX-License-Identifier: Apache-2.0

import Libpq

/// A transaction of the engine's own that travels in one round trip.
///
/// What correctness needs is said in the transaction itself, since neither the role's defaults nor the session's settings
/// can be relied on (poolers share sessions).
struct ShortTransaction: Sendable {
    /// How long the transaction waits for one lock; then it fails with 55P03.
    var lockTimeout: Duration = .milliseconds(500)
    /// What it does, between BEGIN and COMMIT.
    ///
    /// Its results come back alone.
    var statements: [Statement]

    private static let begin = StatementText("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
    private static let commit = StatementText("COMMIT")
    private static let rollback = StatementText("ROLLBACK")
    // Few rows of a large index: a bitmap would read all of its entries first.
    private static let settings = StatementText(
        """
        SELECT set_config('lock_timeout', $1, true), set_config('statement_timeout', '0', true),
               set_config('enable_bitmapscan', 'off', true)
        """,
        types: [.text]
    )
    /// Lets the transaction commit without waiting for the disk.
    ///
    /// Only behind the fence, which switches it on.
    static let asynchronous = StatementText("SELECT set_config('synchronous_commit', 'off', true)")

    private static let before = 2

    /// What to send.
    var pipeline: Pipeline {
        // Zero would mean to wait for ever.
        let milliseconds = max(1, self.lockTimeout.inMicroseconds / 1_000)
        return Pipeline(
            [Statement(Self.begin), Statement(Self.settings, [Parameter("\(milliseconds)ms")])]
                + self.statements + [Statement(Self.commit)]
        )
    }

    /// The results of `statements`, if the transaction has committed.
    func results(_ all: [StatementResult]) throws(PostgresError) -> [StatementResult] {
        guard all.count == self.statements.count + Self.before + 1, all.last?.tag == "COMMIT" else {
            throw PostgresError(
                .protocolViolation,
                "a transaction was answered by \(all.last?.tag ?? "nothing") instead of COMMIT"
            )
        }
        return Array(all[Self.before..<(Self.before + self.statements.count)])
    }

    /// Runs it.
    ///
    /// After an error the connection is ready for the next transaction, or lost.
    func run(on connection: PostgresConnection, deadline: Duration? = nil) async throws -> [StatementResult] {
        do {
            return try self.results(try await connection.run(self.pipeline, deadline: deadline))
        } catch {
            await Self.rollBack(connection)
            throw error
        }
    }

    /// Runs it without a task; the completion is called on the poller's thread.
    func send(
        on connection: PostgresConnection,
        deadline: Duration,
        completion: @escaping @Sendable (Result<[StatementResult], PostgresError>) -> Void
    ) {
        connection.send(self.pipeline, deadline: deadline) { result in
            switch result {
            case .success(let all):
                do throws(PostgresError) {
                    completion(.success(try self.results(all)))
                } catch {
                    completion(.failure(error))
                }
            case .failure(let error):
                if !connection.isClosed {
                    connection.send(Pipeline([Statement(Self.rollback)]), deadline: deadline) { _ in }
                }
                completion(.failure(error))
            }
        }
    }

    private static func rollBack(_ connection: PostgresConnection) async {
        guard !connection.isClosed else { return }
        // Not with the caller's task: a cancelled one could not send it, and the next user would inherit the transaction.
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            connection.send(Pipeline([Statement(Self.rollback)]), deadline: .seconds(5)) { _ in done.resume() }
        }
    }
}

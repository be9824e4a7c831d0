// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging

/// Deletes what is over, batch by batch: the database sees to it that one process at a time does, and leaves it the time in between.
struct RetentionKeeper: Sendable {
    /// How many workflows one transaction looks at.
    static let batch: Int32 = 500
    /// The shortest pause.
    private static let shortest = Duration.milliseconds(100)

    let pool: PostgresPool
    let statements: RetentionStatements
    let interval: Duration
    let logger: Logger

    /// Says in the database what the options say, for every process; what a person has said of the same counts.
    func register(_ policies: [RetentionPolicy]) async throws {
        guard !policies.isEmpty else { return }
        let statements = policies.map { policy in
            Statement(
                self.statements.declare,
                [
                    Parameter(policy.keep.map { $0 / .seconds(1) }), Parameter(policy.name ?? ""),
                    Parameter(policy.ending?.rawValue ?? ""),
                ]
            )
        }
        let transaction = ShortTransaction(statements: statements)
        _ = try await self.pool.withConnection { connection in
            try await transaction.run(on: connection, deadline: .seconds(10))
        }
    }

    /// One batch.
    ///
    /// - Returns: How long to leave the database alone.
    func turn() async throws -> Duration {
        let transaction = ShortTransaction(statements: [Statement(self.statements.prune, [Parameter(Self.batch)])])
        let rows = try await self.pool.withConnection { connection in
            try await transaction.run(on: connection, deadline: .seconds(60))
        }[0].rows
        guard let row = rows.first else { return self.interval }
        let (deleted, _, pause) = try row.decode((Int64, String, Double).self)
        if deleted > 0 { self.logger.debug("retention.pruned", metadata: ["rows": "\(deleted)"]) }
        return min(self.interval, max(Self.shortest, .seconds(pause)))
    }
}

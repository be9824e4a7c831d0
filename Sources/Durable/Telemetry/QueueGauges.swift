// SPDX-License-Identifier: Apache-2.0

import Libpq
import Metrics

/// Looks from time to time how many workflows are due and taken up by nobody, and since when the oldest one is.
struct QueueGauges: Sendable {
    /// How often it looks.
    static let interval = Duration.seconds(10)
    /// So many of a pile are counted, and no more: a look must stay cheap however long the queue is.
    static let limit = 10_000

    let pool: PostgresPool
    let metrics: EngineMetrics
    let runs: RunTable
    let offers: [WorkflowOffer]
    private let statement: StatementText

    init(pool: PostgresPool, schema: SchemaName, metrics: EngineMetrics, runs: RunTable, offers: [WorkflowOffer]) {
        self.pool = pool
        self.metrics = metrics
        self.runs = runs
        self.offers = offers
        self.statement = Self.statement(schema: schema)
    }

    /// Names and versions: what of each name is due, and since when, in seconds.
    ///
    /// Jumps in `live_due` from pile to pile (a queue, begun or not, a priority), and reads of each what is due at its beginning:
    /// a million sleepers cost nothing.
    static func statement(schema: SchemaName) -> StatementText {
        let durable = schema.quoted
        return StatementText(
            """
            WITH RECURSIVE pile (name, version, queue, begun, priority) AS (
                SELECT first.name, first.version, first.queue, first.begun, first.priority
                FROM unnest($1, $2) AS o (name, version)
                CROSS JOIN LATERAL (
                    SELECT l.name, l.version, l.queue, l.begun, l.priority FROM \(durable).live AS l
                    WHERE l.executor IS NULL AND l.name = o.name AND l.version = o.version
                    ORDER BY l.queue, l.begun, l.priority LIMIT 1
                ) AS first
                UNION ALL
                SELECT next.name, next.version, next.queue, next.begun, next.priority
                FROM pile CROSS JOIN LATERAL (
                    SELECT l.name, l.version, l.queue, l.begun, l.priority FROM \(durable).live AS l
                    WHERE l.executor IS NULL AND l.name = pile.name AND l.version = pile.version
                        AND (l.queue, l.begun, l.priority) > (pile.queue, pile.begun, pile.priority)
                    ORDER BY l.queue, l.begun, l.priority LIMIT 1
                ) AS next
            )
            SELECT pile.name, due.count, extract(epoch FROM now.at - due.since)::float8
            FROM pile
            CROSS JOIN (SELECT \(durable).clock() AS at) AS now
            CROSS JOIN LATERAL (
                SELECT count(*) AS count, min(l.run_at) AS since FROM (
                    SELECT run_at FROM \(durable).live
                    WHERE executor IS NULL AND name = pile.name AND version = pile.version AND queue = pile.queue
                        AND begun = pile.begun AND priority = pile.priority AND run_at <= now.at
                    ORDER BY run_at LIMIT \(Self.limit)
                ) AS l
            ) AS due
            """,
            types: [PostgresType.text.array, PostgresType.int4.array]
        )
    }

    /// Looks once, and sets the gauges.
    func look() async throws {
        self.metrics.inMemory.record(self.runs.all.count)
        let (names, versions) = self.offers.versions.columns
        let parameters = [names.parameter, versions.parameter]
        let rows = try await self.pool.withConnection { connection in
            try await connection.run(Pipeline([Statement(self.statement, parameters)]))[0].rows
        }
        // A name without any row has none that is due.
        var depths: [String: (count: Int64, age: Double)] = [:]
        for offer in self.offers { depths[offer.name] = (0, 0) }
        for row in rows {
            let (name, count, age) = try row.decode((String, Int64, Double?).self)
            let known = depths[name] ?? (0, 0)
            depths[name] = (known.count + count, max(known.age, age ?? 0))
        }
        for (name, depth) in depths {
            let gauges = self.metrics.queues[name]
            gauges.depth.record(depth.count)
            gauges.age.record(depth.age)
        }
    }
}

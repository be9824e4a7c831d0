// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq

@testable import Durable

extension TestDatabase {
    /// Writes a workflow that has ended so many days ago, with one record.
    func ended(
        _ id: String,
        name: String = "program",
        as status: String = "succeeded",
        days: Int = 10,
        parent: String? = nil
    ) async throws {
        let connection = try await PostgresConnection.connect(self.configuration)
        defer { connection.close() }
        try await connection.execute(
            """
            WITH w AS (
                INSERT INTO durable.workflow (id, name, parent, input, created_at)
                VALUES (\(id), \(name), \(parent), '1', now() - \(days) * interval '1 day' - interval '1 minute')
            ), j AS (
                INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, name, output, error, at)
                VALUES (\(id), '', 0, 0, 1, 1, 1, 'first', '1', NULL, now() - \(days) * interval '1 day'),
                       (\(id), '', 1, 0, 1, 1, 1, 'second', NULL,
                        CASE WHEN \(status) = 'failed' THEN '{"type":"Outage","message":"x"}'::json END, now() - \(days) * interval '1 day')
            )
            INSERT INTO durable.outcome (workflow_id, status, finished_at, error)
            VALUES (\(id), \(status)::text::durable.workflow_state, now() - \(days) * interval '1 day',
                    CASE WHEN \(status) = 'failed' THEN '{"type":"Outage","message":"x"}'::json END)
            """
        )
    }

    /// Writes a workflow that was started so many days ago and waits.
    func waiting(_ id: String, name: String = "program", days: Int = 100, parent: String? = nil) async throws {
        let connection = try await PostgresConnection.connect(self.configuration)
        defer { connection.close() }
        try await connection.execute(
            """
            WITH w AS (
                INSERT INTO durable.workflow (id, name, parent, created_at)
                VALUES (\(id), \(name), \(parent), now() - \(days) * interval '1 day')
            ), j AS (
                INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, name)
                VALUES (\(id), '', 0, 0, 1, 1, 1, 'first')
            )
            INSERT INTO durable.live (workflow_id, name, state, run_at) VALUES (\(id), \(name), 'waiting', now() + interval '1 year')
            """
        )
    }

    /// Deletes batch by batch until everything was looked at, and returns the ids that are left.
    func prune(batch: Int = 500) async throws -> [String] {
        while try await self.text("SELECT result FROM durable.prune(\(batch))") == "more" {}
        return try await self.rows("SELECT id FROM durable.workflow ORDER BY id")
    }
}

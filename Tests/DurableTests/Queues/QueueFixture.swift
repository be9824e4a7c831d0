// SPDX-License-Identifier: Apache-2.0

import Libpq

@testable import Durable

/// Records, in the transactions of the claims themselves, how many workflows of a queue were owned at once.
enum SlotWatch {
    static func install(for queue: String, _ run: (String) async throws -> Void) async throws {
        for sql in [
            "CREATE TABLE taken (slots integer, in_process integer)",
            """
            CREATE FUNCTION note_slots() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO public.taken
                SELECT sum(c.count), max(c.count) FROM (
                    SELECT count(*) FROM durable.live WHERE queue = '\(queue)' AND executor IS NOT NULL GROUP BY executor) AS c;
                RETURN NULL;
            END
            $$
            """,
            "CREATE TRIGGER note_slots AFTER UPDATE ON durable.live FOR EACH STATEMENT EXECUTE FUNCTION note_slots()",
        ] { try await run(sql) }
    }
}

extension ExecutorFixture {
    /// Puts workflows `w-…` into a queue, in the order of their numbers.
    func enqueue(
        _ ids: ClosedRange<Int>,
        queue: String = "q",
        name: String = "w",
        priority: Int = 0
    ) async throws {
        try await self.sql(
            """
            SELECT workflow_id FROM durable.enqueue_all('\(name)',
                ARRAY(SELECT 'null'::json FROM generate_series(\(ids.lowerBound), \(ids.upperBound))),
                ARRAY(SELECT '\(name)-' || i FROM generate_series(\(ids.lowerBound), \(ids.upperBound)) AS i),
                priority => \(priority), queue => '\(queue)', version => 1)
            """
        )
    }
}

extension RecoveryFixture {
    /// Claims of the queues without limits.
    func claim(_ limit: Int, names: [String] = ["w"]) async throws -> [String] {
        try await self.recovery.claim(
            as: self.lease,
            limit: limit,
            offers: names.map { WorkflowOffer(name: $0, versions: [1]) },
            allowSuspect: true
        ).workflows.map(\.id)
    }

    /// Claims of one queue with limits.
    func claim(_ limit: Int, queue: String, names: [String] = ["w"]) async throws -> [String] {
        try await self.recovery.claim(
            as: self.lease,
            limit: limit,
            offers: names.map { WorkflowOffer(name: $0, versions: [1]) },
            allowSuspect: true,
            queue: queue
        ).map(\.id)
    }

    /// The queues with limits that have something due and a free slot.
    func waitingQueues() async throws -> [String] {
        try await self.recovery.claim(
            as: self.lease,
            limit: 0,
            offers: [WorkflowOffer(name: "w", versions: [1])],
            allowSuspect: true
        ).waitingQueues
    }
}

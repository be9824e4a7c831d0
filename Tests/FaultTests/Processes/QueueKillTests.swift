// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation
import Libpq
import Testing

extension FaultTests {
    /// Processes that share a queue with limits, one of which is killed while it holds slots.
    @Suite struct QueueKillTests {
        private static let limit = 6

        @Test func `limits hold over real processes, and the slots of a killed one come back with its workflows`()
            async throws
        {
            try await FaultFixture.run { fixture in
                try await Self.watchSlots(fixture)
                let client = try DurableClient(database: fixture.configuration)
                defer { client.shutdown() }
                try await client.operations.setQueue("narrow", concurrency: Self.limit, concurrencyPerProcess: 3)
                var enqueue = EnqueueOptions()
                enqueue.queue = "narrow"
                let ids = (0..<40).map { "q-\($0)" }
                let outcomes = try await client.enqueueAll(
                    SharedStub.self,
                    ids.map { _ in 1 },
                    ids: ids,
                    options: enqueue
                )
                #expect(outcomes.allSatisfy { $0.result == .started })

                let options = ["lease": "2000", "poll": "50", "gates": "two"]
                let workers = try ["left", "middle", "right"].map {
                    try fixture.worker(options.merging(["name": $0]) { $1 })
                }
                for worker in workers { try await worker.hear("ready") }
                // Each at its gate, in the middle: the first step is recorded, the second one runs.
                try await wait("six workflows are in flight") {
                    let held = workers.reduce(0) { $0 + $1.lines.count { $0.hasPrefix("gate two") } }
                    return held == Self.limit ? nil : "\(held)"
                }
                let victim = try #require(workers.first { $0.lines.contains { $0.hasPrefix("gate two") } })
                victim.send(SIGKILL)
                try await victim.waitUntilEnded()
                // What it ran keeps its slots until it is taken over: nothing else may start for it.
                #expect(
                    try await fixture.value("SELECT durable.running_in('narrow')", as: Int32.self) == Int32(Self.limit)
                )
                for worker in workers where worker.pid != victim.pid { worker.say("go two") }
                try await wait("all end") {
                    let ended = try await fixture.count(
                        "durable.outcome WHERE status = 'succeeded' AND output::text = '4'"
                    )
                    return ended == ids.count ? nil : "\(ended) have ended"
                }
                let (all, each) = (
                    try await fixture.value("SELECT max(slots) FROM taken", as: Int32.self),
                    try await fixture.value("SELECT max(in_process) FROM taken", as: Int32.self)
                )
                print("slots: \(all) at most, \(each) in one process")
                #expect(all == Int32(Self.limit) && each == 3)
                #expect(try await fixture.count("durable.live") == 0)
            }
        }

        /// Records, in the transactions of the claims themselves, how many workflows of the queue were owned at once.
        private static func watchSlots(_ fixture: FaultFixture) async throws {
            for sql in [
                "CREATE TABLE taken (slots integer, in_process integer)",
                """
                CREATE FUNCTION note_slots() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    INSERT INTO public.taken
                    SELECT sum(c.count), max(c.count) FROM (
                        SELECT count(*) FROM durable.live
                        WHERE queue = 'narrow' AND executor IS NOT NULL GROUP BY executor) AS c;
                    RETURN NULL;
                END
                $$
                """,
                "CREATE TRIGGER note_slots AFTER UPDATE ON durable.live FOR EACH STATEMENT EXECUTE FUNCTION note_slots()",
            ] { _ = try await fixture.sql(Query(sql)) }
        }
    }
}

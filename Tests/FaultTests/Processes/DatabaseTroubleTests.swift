// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq
import TemporaryPostgres
import Testing

extension FaultTests {
    /// The database goes away while 100 workflows are in flight.
    @Suite struct DatabaseTroubleTests {
        @Test(arguments: [TemporaryPostgres.StopMode.fast, .immediate])
        func `a restart of Postgres delays 100 workflows in flight, and loses none`(
            mode: TemporaryPostgres.StopMode
        ) async throws {
            try await Self.trouble { postgres, fixture, worker in
                try await postgres.restart(mode: mode)
                try await worker.hear("log warning executor.superseded")
            }
        }

        @Test func `the death of one process of the server delays 100 workflows in flight, and loses none`()
            async throws
        {
            try await Self.trouble { _, fixture, worker in
                let pid = try await fixture.value(
                    """
                    SELECT max(pid) FROM pg_stat_activity WHERE application_name = \("fault-worker-\(worker.pid)")
                    """,
                    as: Int32.self
                )
                try #require(kill(pid, SIGKILL) == 0)
                try await worker.hear("log warning executor.superseded")
            }
        }

        @Test func `a server that takes no writes for a while delays 100 workflows in flight, and fails none`()
            async throws
        {
            try await Self.trouble { postgres, _, worker in
                try await postgres.makeReadOnly()
                for met in ["transaction.database_unavailable", "recovery.sweep_failed"] {
                    try await worker.hear("\(met), since the server is a standby") { line in
                        line.contains(met) && line.contains("during recovery")
                    }
                }
                try await postgres.promote()
            }
        }

        @Test func `sessions that are terminated delay 100 workflows in flight, and lose none`() async throws {
            try await Self.trouble { _, fixture, worker in
                for share in [0.2, 0.4, 0.6] {
                    try await Self.waitForProgress(share, fixture, worker)
                    // Journal, lease and housekeeping: those of the time before may still be coming back.
                    try await wait("three sessions are open at \(share)") {
                        let open = try await fixture.sessions(of: worker).count
                        return open >= 3 ? nil : "\(open)"
                    }
                    let ended = try await fixture.value(
                        """
                        SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
                        WHERE application_name = \("fault-worker-\(worker.pid)")
                        """,
                        as: Int.self
                    )
                    #expect(ended >= 1, "no session at \(share)")
                }
            }
        }

        /// 6 steps and 6 transactions, a sleep, two branches and their join.
        private static let recordsPerWorkflow = 16
        private static let workflows = 100

        private static func trouble(
            _ make: (TemporaryPostgres, FaultFixture, Worker) async throws -> Void
        ) async throws {
            let postgres = try await TemporaryPostgres.start(
                TemporaryPostgres.Options(settings: ["track_commit_timestamp = on"])
            )
            do {
                let database = try await postgres.createDatabase()
                try await FaultFixture.run(on: postgres.connectionString(database: database)) { fixture in
                    try await self.trouble(postgres, fixture, make)
                }
            } catch {
                try? await postgres.stop()
                throw error
            }
            try await postgres.stop()
        }

        private static func trouble(
            _ postgres: TemporaryPostgres,
            _ fixture: FaultFixture,
            _ make: (TemporaryPostgres, FaultFixture, Worker) async throws -> Void
        ) async throws {
            let worker = try fixture.worker(["name": "service", "lease": "2000", "poll": "100"])
            try await worker.hear("ready")
            for number in 0..<self.workflows { worker.say("start busy b-\(number)") }
            try await self.waitForProgress(0.1, fixture, worker)
            let began = ContinuousClock.now
            try await make(postgres, fixture, worker)
            print("the trouble took \(ContinuousClock.now - began)")
            try await wait("100 workflows end") {
                let ended = try? await fixture.count(
                    "durable.outcome WHERE status = 'succeeded' AND output::text = '9'"
                )
                return ended == self.workflows ? nil : "\(ended ?? -1) have ended; \(worker.report)"
            }
            print("all ended after \(ContinuousClock.now - began)")
            try await self.check(fixture)
            #expect(worker.status == nil)
        }

        private static func waitForProgress(_ share: Double, _ fixture: FaultFixture, _ worker: Worker) async throws {
            let wanted = Int(share * Double(self.workflows * self.recordsPerWorkflow))
            try await wait("\(wanted) records") {
                let count = try await fixture.count("durable.journal WHERE phase = 0")
                return count >= wanted ? nil : "\(count); \(worker.report)"
            }
        }

        private static func check(_ fixture: FaultFixture) async throws {
            #expect(try await fixture.count("durable.live") == 0)
            #expect(
                try await fixture.count("durable.journal WHERE phase = 0") == self.workflows * self.recordsPerWorkflow
            )
            #expect(try await fixture.count("booking") == self.workflows * 6)
            #expect(try await fixture.count("(SELECT DISTINCT workflow, part FROM booking) AS b") == self.workflows * 6)

            // When each step's record was committed, by the server's own clock.
            var committed: [String: Int64] = [:]
            for row in try await fixture.sql(
                """
                SELECT workflow_id || ' ' || CASE name WHEN 'part' THEN 'part-' || position / 2 ELSE name END,
                       (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::bigint
                FROM durable.journal WHERE kind = 1 AND phase = 0
                """
            ) {
                committed[try row.decode(0, as: String.self)] = try row.decode(1, as: Int64.self)
            }
            #expect(committed.count == self.workflows * 8)
            let begun = fixture.effects.filter(\.isBeginning)
            for effect in begun {
                guard let time = committed["\(effect.workflow) \(effect.place)"] else {
                    Issue.record("\(effect) has no record")
                    continue
                }
                #expect(effect.at < time, "\(effect) began after its record was committed")
            }
            let again = begun.count - self.workflows * 8
            print("\(again) of \(begun.count) attempts were repeated, since their record had not been committed")
            #expect(Set(begun.map { "\($0.workflow) \($0.place)" }).count == self.workflows * 8)
        }
    }
}

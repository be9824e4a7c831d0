// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq
import TemporaryPostgres
import Testing

extension FaultTests {
    /// A commit whose reply does not come, though it has been made.
    ///
    /// The server is told to wait for a standby that does not exist: a commit is made, and its session waits. Then the
    /// session is terminated.
    @Suite struct LostReplyTests {
        @Test func `a transaction whose COMMIT gets no reply is asked of the journal, and not repeated`() async throws {
            try await Self.loseReply(of: "held-transaction", at: "book") { fixture, worker in
                let record = try await fixture.state("m")
                #expect(record.bookings == ["book \(worker.pid)"])
                #expect(record.output == "succeeded \"m 1\"")
            }
        }

        @Test func `a batch of the journal that gets no reply is recognised by the run that wrote it`() async throws {
            try await Self.loseReply(of: "held", at: "hold") { fixture, worker in
                #expect(fixture.effects.filter { $0.place == "hold" && $0.isBeginning }.map(\.pid) == [worker.pid])
            }
        }

        private static func loseReply(
            of workflow: String,
            at gate: String,
            _ check: (FaultFixture, Worker) async throws -> Void
        ) async throws {
            let postgres = try await TemporaryPostgres.start()
            do {
                let database = try await postgres.createDatabase()
                try await FaultFixture.run(on: postgres.connectionString(database: database)) { fixture in
                    let trace = "\(fixture.folder)/trace"
                    let worker = try fixture.worker(["name": "service", "gates": gate, "trace": trace])
                    try await worker.hear("ready")
                    worker.say("start \(workflow) m")
                    try await worker.hear("gate \(gate)")
                    try await fixture.requireStandby("nobody")
                    worker.say("go \(gate)")
                    try await fixture.terminateCommit(of: "fault-worker-\(worker.pid)")
                    // What it sees now no standby has: it may not build upon it.
                    try await fixture.waitForEmptyCommit(of: "fault-worker-\(worker.pid)")
                    #expect(!fixture.effects.contains { $0.place == "last" })
                    try await fixture.requireStandby(nil)
                    try await fixture.waitForOutcome("m", worker)

                    let journal = try await fixture.journal("m")
                    #expect(journal.count == 3)
                    #expect(Set(journal.map(\.run)).count == 1, "another run took over: \(journal)")
                    #expect(try await fixture.count("durable.executor") == 1)
                    let lines = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
                    let failed = lines.filter { $0.hasPrefix("failed ") }
                    #expect(failed.count == 1, "\(failed)")
                    try await check(fixture, worker)
                }
            } catch {
                try? await postgres.stop()
                throw error
            }
            try await postgres.stop()
        }
    }
}

extension FaultFixture {
    /// Has every commit wait for a standby, or for none.
    func requireStandby(_ name: String?) async throws {
        let connection = try await PostgresConnection.connect(self.configuration)
        defer { connection.close() }
        try await connection.execute("ALTER SYSTEM SET synchronous_standby_names = \(unescaped: name ?? "''")")
        try await connection.execute("SELECT pg_reload_conf()")
        guard name != nil else { return }
        // The server's own processes take the setting over one by one: a commit that waits shows that it counts.
        var configuration = self.configuration
        configuration.applicationName = "probe"
        let probe = try await PostgresConnection.connect(configuration)
        let commits = Task {
            while !Task.isCancelled { try await probe.execute("SELECT pg_logical_emit_message(true, '', '')") }
        }
        defer { commits.cancel() }
        try await self.terminateCommit(of: "probe")
    }

    /// Ends a session that has committed, and waits for a standby before it says so.
    func terminateCommit(of application: String) async throws {
        try await wait("a commit of \(application) waits for its standby") {
            let ended = try await self.value(
                """
                SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE application_name = \(application) AND wait_event = 'SyncRep'
                """,
                as: Int.self
            )
            return ended > 0 ? nil : "\(ended) wait"
        }
    }

    /// Waits until a session that has written nothing has committed, and waits for a standby.
    func waitForEmptyCommit(of application: String) async throws {
        try await wait("an empty commit of \(application) waits for its standby") {
            let waiting = try await self.value(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE application_name = \(application) AND wait_event = 'SyncRep' AND query LIKE '%emit_message%'
                """,
                as: Int.self
            )
            return waiting > 0 ? nil : "none waits"
        }
    }
}

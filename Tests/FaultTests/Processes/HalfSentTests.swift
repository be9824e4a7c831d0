// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq
import Testing

extension FaultTests {
    /// A process is stopped while half of a batch is with the server and the other half is not.
    @Suite struct HalfSentTests {
        @Test func `what was sent by half keeps nobody waiting, and nothing of it is written`() async throws {
            try await FaultFixture.run { fixture in
                let trace = "\(fixture.folder)/trace"
                let lease = ["lease": "3000", "poll": "100"]
                let late = try fixture.worker(
                    lease.merging(["name": "late", "gates": "hold", "trace": trace]) { $1 }
                )
                try await late.hear("ready")
                late.say("start held-large m")
                try await late.hear("gate hold")
                try await self.stopHalfway(late, trace, fixture)

                let heir = try fixture.worker(lease.merging(["name": "heir"]) { $1 })
                try await fixture.waitForOutcome("m", heir)
                let before = try await fixture.state("m")
                #expect(before.output == "succeeded \"m \(heir.pid)\"")
                #expect(try await fixture.locks(of: late) == 0, "the sessions of the stopped process are gone")

                late.send(SIGCONT)
                try await late.hear("log warning executor.superseded")
                late.say("start shared other")
                try await late.hear("result other 4")
                #expect(try await fixture.state("m") == before)
                #expect(before.journal.filter { $0.name != "first" }.allSatisfy { $0.pid == heir.pid })
            }
        }

        /// Lets a worker send more than its socket takes to a server that does not read, stops it there, and lets the
        /// server go on.
        private func stopHalfway(_ worker: Worker, _ trace: String, _ fixture: FaultFixture) async throws {
            let sessions = try await fixture.backends(of: worker)
            let sent = try Self.batches(in: trace)
            for session in sessions { kill(session, SIGSTOP) }
            defer { for session in sessions { kill(session, SIGCONT) } }
            worker.say("go hold")
            try await wait("the batch with the large result is on its way") {
                try Self.batches(in: trace) > sent ? nil : worker.report
            }
            try await worker.waitUntilAsleep()
            worker.send(SIGSTOP)
            try await worker.waitUntilStopped()
            for session in sessions { kill(session, SIGCONT) }
            // It has passed the fence, and waits for the rest of what it is to write.
            try await wait("half of the batch is with the server") {
                try await fixture.locks(of: worker) == 1 ? nil : worker.report
            }
        }

        private static func batches(in trace: String) throws -> Int {
            try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n").count {
                $0.hasPrefix("sending batch")
            }
        }
    }
}

extension FaultFixture {
    /// The server's processes that serve a worker.
    func backends(of worker: Worker) async throws -> [Int32] {
        try await self.sql(
            "SELECT pid FROM pg_stat_activity WHERE application_name = \("fault-worker-\(worker.pid)")"
        ).map { try $0.decode(0, as: Int32.self) }
    }

    /// How many sessions of a worker have passed a fence and wait for bytes.
    func locks(of worker: Worker) async throws -> Int {
        try await self.sql(
            """
            SELECT count(DISTINCT pid)::int FROM pg_stat_activity JOIN pg_locks USING (pid)
            WHERE application_name = \("fault-worker-\(worker.pid)") AND state = 'active' AND wait_event = 'ClientRead'
              AND locktype = 'advisory' AND mode = 'ShareLock' AND granted
            """
        )[0].decode(0, as: Int.self)
    }
}

extension Worker {
    /// Waits until no thread of it has had anything to do for a while.
    func waitUntilAsleep(within limit: Duration = .seconds(60)) async throws {
        var calm = 0
        try await wait("worker \(self.pid) has nothing to do", within: limit) {
            let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(self.pid)/task")
            let states = tasks.compactMap { task -> Character? in
                let stat = try? String(contentsOfFile: "/proc/\(self.pid)/task/\(task)/stat", encoding: .utf8)
                guard let stat, let end = stat.lastIndex(of: ")") else { return nil }
                return stat[stat.index(end, offsetBy: 2)]
            }
            calm = states.allSatisfy { $0 == "S" } ? calm + 1 : 0
            return calm >= 10 ? nil : "threads: \(states)"
        }
    }
}

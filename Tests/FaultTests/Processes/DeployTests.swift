// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq
import Testing

extension FaultTests {
    /// A changed binary comes while a workflow sleeps.
    @Suite struct DeployTests {
        private static let options = ["poll": "50", "hold": "100", "name": "service"]

        @Test func `a changed binary with the version unchanged goes on`() async throws {
            try await FaultFixture.run { fixture in
                let old = try await Self.sleepUnder("a", fixture)
                let new = try fixture.worker(Self.options.merging(["code": "b"]) { $1 })
                try await fixture.waitForOutcome("m", new)
                #expect(try await fixture.output("m") == "succeeded \"b m\"")
                let begun = fixture.effects.filter(\.isBeginning).map { "\($0.place) \($0.pid)" }
                #expect(begun == ["one \(old.pid)", "two-b \(new.pid)", "three \(new.pid)"])
            }
        }

        @Test(arguments: [
            ("incompatible", ["one", "uno", "step"]), ("shorter", ["sleep", "ended"]),
        ])
        func `an incompatible run pauses before any effect, says what differs, and loses nothing`(
            code: String,
            words: [String]
        ) async throws {
            try await FaultFixture.run { fixture in
                let old = try await Self.sleepUnder("a", fixture)
                let new = try fixture.worker(Self.options.merging(["code": code]) { $1 })
                try await wait("the workflow is paused") {
                    let rows = try await fixture.sql(
                        "SELECT state::text || ' ' || coalesce(reason, '-') FROM durable.live WHERE workflow_id = 'm'"
                    )
                    let state = try rows.first?.decode(0, as: String.self) ?? "gone"
                    return state == "paused diverged" ? nil : "\(state); \(new.report)"
                }
                let message = try await fixture.value(
                    "SELECT error FROM durable.workflows WHERE id = 'm'",
                    as: String.self
                )
                print("\(code): \(message)")
                for word in words { #expect(message.contains(word), "\(message)") }
                try await new.hear("log error workflow.paused")
                #expect(fixture.effects.allSatisfy { $0.pid == old.pid })
                #expect(try await fixture.count("durable.outcome") == 0)
                #expect(try await fixture.journal("m").map { "\($0.name)/\($0.phase)" } == ["one/0", "sleep/1"])
                new.send(SIGTERM)
                try await new.waitUntilEnded()

                // The older code comes back, and a person lets it go on.
                _ = try await fixture.sql(
                    """
                    UPDATE durable.live SET state = 'queued', run_at = durable.clock(), reason = NULL, error = NULL
                    WHERE workflow_id = 'm' AND executor IS NULL
                    """
                )
                let again = try fixture.worker(Self.options.merging(["code": "a"]) { $1 })
                try await fixture.waitForOutcome("m", again)
                #expect(try await fixture.output("m") == "succeeded \"a m\"")
                #expect(fixture.effects.filter(\.isBeginning).map(\.place) == ["one", "two"])
            }
        }

        @Test func `a higher version leaves the workflow for the older code, and says so once`() async throws {
            try await FaultFixture.run { fixture in
                _ = try await Self.sleepUnder("a", fixture)
                let trace = "\(fixture.folder)/trace"
                let new = try fixture.worker(Self.options.merging(["code": "next", "trace": trace]) { $1 })
                let line = try await new.hear("log notice recovery.not_offered")
                #expect(line.contains("workflow.name=deploy") && line.contains("workflow.version=1"), "\(line)")
                func looks() -> Int {
                    let text = (try? String(contentsOfFile: trace, encoding: .utf8)) ?? ""
                    return text.split(separator: "\n").count { $0.hasPrefix("completed look#") }
                }
                let before = looks()
                try await wait("20 more looks at what is due") { looks() >= before + 20 ? nil : "\(looks() - before)" }
                #expect(new.lines.count { $0.contains("recovery.not_offered") } == 1)
                #expect(try await fixture.value("SELECT state::text FROM durable.live", as: String.self) == "waiting")

                let old = try fixture.worker(Self.options.merging(["code": "a", "name": "older"]) { $1 })
                try await fixture.waitForOutcome("m", old, new)
                #expect(try await fixture.output("m") == "succeeded \"a m\"")
                #expect(!fixture.effects.contains { $0.pid == new.pid })
                #expect(fixture.effects.filter(\.isBeginning).map(\.place) == ["one", "two"])
            }
        }

        @Test func `a higher version that resumes the version before goes on`() async throws {
            try await FaultFixture.run { fixture in
                _ = try await Self.sleepUnder("a", fixture)
                let new = try fixture.worker(Self.options.merging(["code": "bridge"]) { $1 })
                try await fixture.waitForOutcome("m", new)
                #expect(try await fixture.output("m") == "succeeded \"bridge m\"")
            }
        }

        @Test func `code generations n and n - 1 run side by side on one schema`() async throws {
            try await FaultFixture.run { fixture in
                let before = try fixture.worker(["name": "before", "poll": "50", "room": "10", "gates": "one"])
                try await before.hear("ready")
                // What a process of the next generation does first: it expands, and says who can still run here.
                _ = try await fixture.sql("ALTER TABLE durable.live ADD COLUMN next_feature text")
                _ = try await fixture.sql("ALTER TABLE durable.journal ADD COLUMN next_feature text DEFAULT 'x'")
                _ = try await fixture.sql(
                    "INSERT INTO durable.migration (version, name, oldest_generation) VALUES (1000, 'expand', 1)"
                )
                let after = try fixture.worker(["name": "after", "poll": "50", "room": "10", "gates": "one"])
                try await after.hear("ready")
                for number in 0..<40 { before.say("start shared s-\(number)") }
                try await before.hear("gate one")
                try await after.hear("gate one")
                before.say("go one")
                after.say("go one")
                try await wait("40 workflows end") {
                    let ended = try await fixture.count("durable.outcome")
                    return ended == 40 ? nil : "\(ended); \(before.report); \(after.report)"
                }
                #expect(Set(fixture.effects.map(\.pid)) == [before.pid, after.pid])
            }
        }

        @Test func `a schema that this code generation cannot run on is refused in words`() async throws {
            try await FaultFixture.run { fixture in
                _ = try await fixture.sql(
                    "INSERT INTO durable.migration (version, name, oldest_generation) VALUES (1000, 'contract', 2)"
                )
                let worker = try fixture.worker(["name": "too-old"])
                let words = try await worker.hear("refused")
                print(words)
                #expect(words.contains("migration 1000 (contract)") && words.contains("generation 2"))
                try await worker.waitUntilEnded()
                #expect(worker.exit == 2)
                #expect(try await fixture.count("durable.executor") == 0)
            }
        }

        /// Starts the workflow under some code, and stops that in good order while it sleeps.
        private static func sleepUnder(_ code: String, _ fixture: FaultFixture) async throws -> Worker {
            let worker = try fixture.worker(self.options.merging(["code": code]) { $1 })
            try await worker.hear("ready")
            worker.say("start deploy m")
            try await wait("the workflow sleeps") {
                let rows = try await fixture.sql("SELECT state::text FROM durable.live WHERE executor IS NULL")
                let state = try rows.first?.decode(0, as: String.self)
                return state == "waiting" ? nil : "\(state ?? "owned or gone"); \(worker.report)"
            }
            worker.send(SIGTERM)
            try await worker.waitUntilEnded()
            #expect(worker.exit == 0, "\(worker.report)")
            #expect(try await fixture.count("durable.lease") == 0)
            return worker
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq
import Testing

extension FaultTests {
    /// SIGTERM: what runs may end, and the rest is handed over.
    @Suite struct ShutdownTests {
        /// A lease and a poll that nobody could wait for.
        private static let options = ["lease": "60000", "poll": "60000"]

        @Test func `running steps end and are recorded, the rest is handed over, and the next process goes on at once`()
            async throws
        {
            try await FaultFixture.run { fixture in
                let worker = try fixture.worker(Self.options.merging(["name": "leaving", "gates": "two,book"]) { $1 })
                try await worker.hear("ready")
                for number in 0..<20 { worker.say("start shared s-\(number)") }
                worker.say("start held-transaction t")
                worker.say("start nap n")
                try await worker.hear("gate book t")
                try await wait("20 steps run, and a workflow sleeps in memory") {
                    let held = worker.lines.count { $0.hasPrefix("gate two") }
                    let naps = try await fixture.count("durable.journal WHERE workflow_id = 'n' AND kind = 3")
                    return held == 20 && naps == 1 ? nil : "\(held) steps, \(naps) sleeps; \(worker.report)"
                }
                let asked = ContinuousClock.now
                worker.send(SIGTERM)
                // The sleeper goes first, since nothing of it runs.
                try await wait("the sleeping workflow is handed over", within: .seconds(60)) {
                    let count = try await fixture.count("durable.live WHERE workflow_id = 'n' AND executor IS NULL")
                    return count == 1 ? nil : worker.report
                }
                #expect(worker.status == nil, "\(worker.report)")
                #expect(try await fixture.count("durable.lease") == 1)
                worker.say("go two")
                worker.say("go book")
                try await worker.waitUntilEnded(within: .seconds(60))
                print("left in \(ContinuousClock.now - asked)")
                #expect(worker.exit == 0, "\(worker.report)")
                #expect(worker.lines.contains("stopped"))
                #expect(try await fixture.count("durable.lease") == 0)
                #expect(try await fixture.count("durable.executor WHERE stopped_at IS NOT NULL") == 1)
                #expect(try await fixture.count("durable.live WHERE executor IS NULL AND state = 'queued'") == 22)
                #expect(try await fixture.count("durable.journal WHERE name = 'two' AND phase = 0") == 20)
                #expect(try await fixture.state("t").bookings == ["book \(worker.pid)"])
                #expect(try await fixture.journal("t").map(\.name) == ["first", "book"])
                #expect(!fixture.effects.contains { $0.place == "three" })

                let next = try fixture.worker(Self.options.merging(["name": "next"]) { $1 })
                let began = ContinuousClock.now
                try await wait("22 workflows end", within: .seconds(60)) {
                    let ended = try await fixture.count("durable.outcome WHERE status = 'succeeded'")
                    return ended == 22 ? nil : "\(ended); \(next.report)"
                }
                print("all ended \(ContinuousClock.now - began) after the next process was started")
                for number in 0..<20 {
                    let effects = fixture.effects.filter { $0.workflow == "s-\(number)" && $0.isBeginning }
                    #expect(effects.map(\.place) == ["one", "two", "three"])
                    #expect(effects.map(\.pid) == [worker.pid, worker.pid, next.pid])
                }
                #expect(try await fixture.count("durable.live") == 0)
                #expect(try await fixture.state("t").bookings == ["book \(worker.pid)"])
            }
        }

        @Test func `a step that outlasts the drain is left, and the next process runs it again at once`() async throws {
            try await FaultFixture.run { fixture in
                let worker = try fixture.worker(
                    Self.options.merging(["name": "leaving", "gates": "hold", "drain": "500"]) { $1 }
                )
                try await worker.hear("ready")
                worker.say("start held m")
                try await worker.hear("gate hold")
                worker.send(SIGTERM)
                try await worker.waitUntilEnded(within: .seconds(60))
                #expect(worker.exit == 0, "\(worker.report)")
                #expect(worker.lines.contains { $0.hasPrefix("log warning engine.drain_ended") })
                #expect(try await fixture.count("durable.lease") == 0)

                let next = try fixture.worker(Self.options.merging(["name": "next"]) { $1 })
                try await fixture.waitForOutcome("m", within: .seconds(60), next)
                let holds = fixture.effects.filter { $0.place == "hold" }.map { "\($0.isBeginning) \($0.pid)" }
                #expect(holds == ["true \(worker.pid)", "true \(next.pid)", "false \(next.pid)"])
                #expect(try await fixture.journal("m").map(\.pid) == [worker.pid, next.pid, next.pid])
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation
import Libpq
import Testing

extension FaultTests {
    /// SIGKILL before, during and after every wait for something from outside.
    @Suite struct TalkingTests {
        private struct Case: Sendable, CustomStringConvertible {
            /// The batch of records at which the first process dies.
            var batch: Int
            var moment: String
            /// Whether everything is sent before anybody waits for it, or only when it is awaited.
            var isEarly: Bool

            var description: String {
                "kill \(self.moment) batch \(self.batch)\(self.isEarly ? ", all sent before" : "")"
            }
        }

        @Test func `whatever batch its process is killed at, a workflow that waits hears everything once`() async throws
        {
            let cases = (1...14).flatMap { batch in
                [("before", true), ("after", false)].map { Case(batch: batch, moment: $0.0, isEarly: $0.1) }
            }
            let deaths = try await concurrently(cases, 4) { try await Self.run($0) }
            #expect(deaths.filter { $0 }.count >= 16, "too few were killed")
        }

        /// - Returns: Whether the first process was killed.
        private static func run(_ kill: Case) async throws -> Bool {
            try await FaultFixture.run { fixture in
                let options = ["name": "talking", "hold": "0", "poll": "50", "lease": "2000"]
                var faulty = options
                faulty["fault"] = "kill@\(kill.moment)@batch(record)#\(kill.batch)"
                // Migrates, before anybody else asks.
                let first = try fixture.worker(faulty)
                try await first.hear("ready")
                let client = try DurableClient(database: fixture.configuration)
                defer { client.shutdown() }
                // It hears what the other one sends, and never ends.
                try await client.start(TalkingEar.self, id: "ear")
                let outside = Outside(fixture: fixture, client: client, isEarly: kill.isEarly)
                let handle = try await client.start(TalkingName.self, "w", id: "w")
                var second: Worker?
                try await wait("the workflow ends, \(kill)") {
                    try await outside.speak()
                    if first.status != nil, second == nil { second = try fixture.worker(options) }
                    return try await handle.status().state == .succeeded
                        ? nil : "\(first.report) \(second?.report ?? "")"
                }
                #expect(try await handle.result() == "1,2,3,8", "\(kill)")
                #expect(try await client.update("w", Update<Int, Int>("double"), 4, id: "u", within: .zero) == 8)
                #expect(try await client.value(PublishedValue<Int>("progress"), of: "w") == 100)
                var text: [Int] = []
                for try await element in client.stream(Int.self, "text", of: "w") { text.append(element.value) }
                #expect(text == [0, 1, 2, 3, 4], "\(kill)")
                #expect(try await fixture.count("durable.message WHERE workflow_id = 'ear'") == 1, "\(kill)")
                #expect(try await fixture.count("durable.message WHERE workflow_id = 'w'") == 0, "\(kill)")
                return first.signal == SIGKILL
            }
        }

        /// Sends each thing again and again, as a caller would who does not know whether it has arrived.
        private struct Outside {
            let fixture: FaultFixture
            let client: DurableClient
            let isEarly: Bool

            func speak() async throws {
                let states = try await self.fixture.sql(
                    "SELECT state::text, coalesce(waiting_for, '') FROM durable.live WHERE workflow_id = 'w'"
                )
                guard let row = states.first else { return }
                let awaited = try row.decode(1, as: String.self)
                func isDue(_ what: String) -> Bool { self.isEarly || awaited.contains(what) }
                do {
                    if isDue("signal signal") { try await self.client.signal("w", "signal", 1, key: "k") }
                    for row in try await self.fixture.sql("SELECT id FROM durable.token WHERE state = 'pending'")
                    where isDue("token") {
                        try await self.client.complete(token: try row.decode(0, as: String.self), with: 2)
                    }
                    if isDue("event"), try await self.fixture.count("durable.event") == 0 {
                        try await self.client.publish(Event<Int>("event"), 3, key: "w")
                    }
                    if isDue("update") {
                        _ = try await self.client.update("w", Update<Int, Int>("double"), 4, id: "u", within: .zero)
                    }
                } catch let error as DurableError where error.code == .workflowEnded {
                    return
                }
            }
        }
    }
}

/// The workflow of the worker, by its name.
private struct TalkingName: Workflow {
    static var name: String { "talking" }
    func run(_ order: String, in workflow: WorkflowContext) async throws -> String { "" }
}

/// A workflow that no worker offers: its mailbox fills.
private struct TalkingEar: Workflow {
    static var name: String { "ear" }
    func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> Nothing { Nothing() }
}

// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation
import Libpq
import Testing

extension FaultTests {
    /// Processes that boot at once share pending work.
    @Suite struct SharingTests {
        private static let ids = (0..<200).map { "s-\($0)" }
        private static let options = ["lease": "2000", "poll": "50", "room": "10"]

        @Test func `two processes that boot at once share 200 enqueued workflows, and run none twice`() async throws {
            try await FaultFixture.run { fixture in
                let client = try DurableClient(database: fixture.configuration)
                defer { client.shutdown() }
                for id in Self.ids { _ = try await client.start(SharedStub.self, 1, id: id) }
                try await Self.share(fixture, after: nil)
            }
        }

        @Test func `two processes that boot at once share 200 workflows of a killed one, and run none twice`()
            async throws
        {
            try await FaultFixture.run { fixture in
                var options = Self.options
                options["room"] = "1000"
                options["gates"] = "two"
                let killed = try fixture.worker(options)
                try await killed.hear("ready")
                for id in Self.ids { killed.say("start shared \(id)") }
                // All of them are in the middle: the first step is recorded, the second one runs.
                try await wait("200 workflows are in flight") {
                    let held = killed.lines.count { $0.hasPrefix("gate two") }
                    return held == 200 ? nil : "\(held)"
                }
                killed.send(SIGKILL)
                try await killed.waitUntilEnded()
                #expect(killed.signal == SIGKILL)
                try await Self.share(fixture, after: killed)
            }
        }

        private static func share(_ fixture: FaultFixture, after killed: Worker?) async throws {
            var options = self.options
            // Nobody gets ahead before both have taken some.
            options["gates"] = "one,two"
            let workers = [
                try fixture.worker(options.merging(["name": "left"]) { $1 }),
                try fixture.worker(options.merging(["name": "right"]) { $1 }),
            ]
            for worker in workers {
                try await worker.hear("ready")
                try await worker.hear("gate \(killed == nil ? "one" : "two")")
            }
            for worker in workers {
                worker.say("go one")
                worker.say("go two")
            }
            try await wait("200 workflows end") {
                let ended = try await fixture.count("durable.outcome WHERE status = 'succeeded' AND output::text = '4'")
                return ended == 200 ? nil : "\(ended) have ended; \(workers.map(\.report))"
            }
            #expect(try await fixture.count("durable.live") == 0)
            #expect(try await fixture.count("durable.journal WHERE phase = 0") == 600)

            let effects = fixture.effects.filter { $0.pid != killed?.pid }
            var share: [Int32: Int] = [:]
            for (id, lines) in Dictionary(grouping: effects, by: \.workflow) {
                let owners = Set(lines.map(\.pid))
                #expect(owners.count == 1, "\(id) was run by \(owners)")
                let steps = killed == nil ? ["one", "two", "three"] : ["two", "three"]
                #expect(lines.filter(\.isBeginning).map(\.place) == steps, "\(id)")
                for owner in owners { share[owner, default: 0] += 1 }
            }
            print("shared: \(share.values.sorted())")
            #expect(Set(share.keys) == Set(workers.map(\.pid)), "one of them did nothing: \(share)")
            #expect(share.values.reduce(0, +) == 200)
            // Who recorded a step is who ran it.
            let strangers = try await fixture.count(
                """
                (SELECT j.workflow_id FROM durable.journal AS j JOIN durable.executor AS e ON e.number = j.executor
                 WHERE e.pid <> \(killed?.pid ?? 0)
                 GROUP BY j.workflow_id HAVING count(DISTINCT j.run) > 1 OR count(DISTINCT e.pid) > 1) AS mixed
                """
            )
            #expect(strangers == 0)
        }
    }
}

/// The workflow `shared` of the worker, for those who only start it.
struct SharedStub: Workflow {
    static let name = "shared"

    func run(_ number: Int, in workflow: WorkflowContext) async throws -> Int { number }
}

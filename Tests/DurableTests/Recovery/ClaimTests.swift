// SPDX-License-Identifier: Apache-2.0

import Libpq
import Testing

@testable import Durable

@Suite struct ClaimTests {
    static let offers = [WorkflowOffer(name: "w", versions: [1]), WorkflowOffer(name: "x", versions: [1, 2])]

    @Test func `due workflows of the offered names and versions are claimed, and no others`() async throws {
        try await ExecutorFixture.run { fixture in
            try await fixture.workflows(1...2)
            try await fixture.workflows(3...3, name: "x", version: 2, state: "waiting")
            try await fixture.workflows(4...4, name: "x", version: 3)
            try await fixture.workflows(5...5, name: "y")
            try await fixture.workflows(6...9)
            let other = try await fixture.stranger()
            try await fixture.sql(
                """
                UPDATE durable.live SET run_at = 'infinity', state = 'paused' WHERE workflow_id = 'w-6';
                """
            )
            try await fixture.sql(
                "UPDATE durable.live SET run_at = durable.clock() + interval '1 hour' WHERE workflow_id = 'w-7'"
            )
            try await fixture.sql("UPDATE durable.live SET state = 'cancelling' WHERE workflow_id = 'w-8'")
            try await fixture.sql(
                "UPDATE durable.live SET state = 'running', executor = \(other), epoch = 1, run = 5 WHERE workflow_id = 'w-9'"
            )
            let process = try await fixture.recovery()
            let claimed = try await process.recovery.claim(
                as: process.lease,
                limit: 10,
                offers: Self.offers,
                allowSuspect: true
            ).workflows
            #expect(Set(claimed.map(\.id)) == ["w-1", "w-2", "x-3", "w-8"])
            #expect(Set(claimed.map(\.run)).count == 4)
            #expect(claimed.filter(\.isCancelling).map(\.id) == ["w-8"])
            for workflow in claimed {
                let expected = workflow.isCancelling ? "cancelling" : "running"
                let row = "\(expected) \(process.number) \(process.lease.identity.epoch) \(workflow.run)"
                #expect(try await fixture.live(workflow.id, "state, executor, epoch, run") == row)
            }
            let rows = try await process.pool.withConnection {
                try await $0.run(Pipeline([Statement(fixture.statements.poll.look)]))[0].rows
            }
            let unoffered = try PollFindings(rows).unoffered(by: Self.offers.versions)
            #expect(
                unoffered == [WorkflowVersion(name: "x", version: 3), WorkflowVersion(name: "y", version: 1)]
            )
            await process.stop()
        }
    }

    @Test func `a claim takes at most its limit, and first what has waited longest`() async throws {
        try await ExecutorFixture.run { fixture in
            try await fixture.workflows(1...20)
            try await fixture.sql(
                """
                UPDATE durable.live
                SET run_at = durable.clock() - interval '1 minute' * split_part(workflow_id, '-', 2)::integer
                """
            )
            let process = try await fixture.recovery()
            let claimed = try await process.recovery.claim(
                as: process.lease,
                limit: 3,
                offers: Self.offers,
                allowSuspect: true
            ).workflows
            #expect(Set(claimed.map(\.id)) == ["w-20", "w-19", "w-18"])
            #expect(
                try await process.recovery.claim(as: process.lease, limit: 0, offers: Self.offers, allowSuspect: true)
                    .workflows.isEmpty
            )
            await process.stop()
        }
    }

    @Test func `processes that claim at once never share a workflow, and leave none`() async throws {
        try await ExecutorFixture.run { fixture in
            try await fixture.workflows(1...1_000)
            try await fixture.workflows(1...500, name: "x")
            var processes: [RecoveryFixture] = []
            for _ in 0..<3 { processes.append(try await fixture.recovery()) }
            let claimed = try await withThrowingTaskGroup(of: [ClaimedWorkflow].self) { group in
                for process in processes {
                    for _ in 0..<2 {
                        group.addTask {
                            var mine: [ClaimedWorkflow] = []
                            while true {
                                let some = try await process.recovery.claim(
                                    as: process.lease,
                                    limit: 40,
                                    offers: Self.offers,
                                    allowSuspect: true
                                ).workflows
                                mine += some
                                if some.isEmpty { return mine }
                            }
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(Set(claimed.map(\.id)).count == claimed.count, "one workflow was claimed twice")
            // A loop may end while another one still holds locks on rows that it then takes.
            #expect(claimed.count == 1_500)
            #expect(Set(claimed.map(\.run)).count == claimed.count)
            for process in processes { await process.stop() }
        }
    }

    @Test func `suspects are claimed one at a time, and only where they may run alone`() async throws {
        try await ExecutorFixture.run { fixture in
            try await fixture.workflows(1...6)
            try await fixture.sql("UPDATE durable.live SET recoveries = 2 WHERE workflow_id IN ('w-1', 'w-2', 'w-3')")
            let process = try await fixture.recovery()
            func claim(_ limit: Int, allowSuspect: Bool) async throws -> [ClaimedWorkflow] {
                try await process.recovery.claim(
                    as: process.lease,
                    limit: limit,
                    offers: Self.offers,
                    allowSuspect: allowSuspect
                ).workflows
            }
            let first = try await claim(2, allowSuspect: true)
            #expect(first.count == 2 && first.filter(\.isSuspect).count == 1)
            let second = try await claim(10, allowSuspect: false)
            #expect(second.count == 2 && second.filter(\.isSuspect).isEmpty)
            let third = try await claim(10, allowSuspect: true)
            #expect(third.count == 1 && third[0].isSuspect && third[0].recoveries == 2)
            await process.stop()
        }
    }

    @Test func `a superseded process claims nothing and learns that it is superseded`() async throws {
        try await ExecutorFixture.run { fixture in
            try await fixture.workflows(1...1)
            let process = try await fixture.recovery()
            #expect(try await fixture.value("SELECT durable.take_over(\(process.number), true)") == true)
            let error = await #expect(throws: DurableError.self) {
                try await process.recovery.claim(
                    as: process.lease,
                    limit: 1,
                    offers: Self.offers,
                    allowSuspect: true
                )
            }
            #expect(error?.code == .superseded)
            #expect(process.lease.ending == .fenced)
            #expect(try await fixture.live("w-1", "state, executor") == "queued")
            await process.stop()
        }
    }

    @Test func `workflows that the process owns and does not run are given back`() async throws {
        try await ExecutorFixture.run { fixture in
            try await fixture.workflows(1...3)
            let process = try await fixture.recovery(options: RecoveryOptions(orphanGrace: .zero))
            let claimed = try await process.recovery.claim(
                as: process.lease,
                limit: 3,
                offers: Self.offers,
                allowSuspect: true
            ).workflows
            let running = Set(claimed.prefix(1).map(\.run))
            let released = try await process.recovery.releaseOrphans(of: process.lease) { _, run in
                running.contains(run)
            }
            #expect(Set(released) == Set(claimed.dropFirst().map(\.id)))
            #expect(try await fixture.live(claimed[0].id, "state, executor") == "running \(process.number)")
            #expect(try await fixture.live(claimed[1].id, "state, executor, run, recoveries") == "queued 0")
            await process.stop()
        }
    }

    @Test func `a claim whose reply is still on its way is no orphan`() async throws {
        try await ExecutorFixture.run { fixture in
            try await fixture.workflows(1...1)
            let process = try await fixture.recovery(options: RecoveryOptions(orphanGrace: .seconds(600)))
            _ = try await process.recovery.claim(as: process.lease, limit: 1, offers: Self.offers, allowSuspect: true)
            for _ in 0..<3 {
                #expect(try await process.recovery.releaseOrphans(of: process.lease) { _, _ in false }.isEmpty)
            }
            await process.stop()
        }
    }
}

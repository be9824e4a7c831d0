// SPDX-License-Identifier: Apache-2.0

import Libpq
import Testing

@testable import Durable

@Suite struct FencingStormTests {
    /// Three processes claim and finish workflows, and lose some of what they claim.
    ///
    /// Meanwhile somebody declares one after the other dead. Every workflow must end, and end once.
    @Test func `however often processes are declared dead, each workflow ends once`() async throws {
        try await ExecutorFixture.run { fixture in
            let count = 400
            try await fixture.workflows(1...count)
            var processes: [RecoveryFixture] = []
            let options = RecoveryOptions(recoveries: 10_000, orphanGrace: .milliseconds(50))
            for _ in 0..<3 { processes.append(try await fixture.recovery(options: options)) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, process) in processes.enumerated() {
                    group.addTask { try await Self.work(process, in: fixture, seed: UInt64(index)) }
                }
                group.addTask { try await Self.fence(in: fixture) }
                try await eventually("every workflow has ended", within: .seconds(60)) {
                    try await fixture.value("SELECT count(*) FROM durable.live") == Int64(0)
                }
                group.cancelAll()
                while let result = await group.nextResult() {
                    if case .failure(let error) = result, !Self.isInterruption(error) { throw error }
                }
            }
            #expect(try await fixture.value("SELECT count(*) FROM durable.outcome") == Int64(count))
            #expect(try await fixture.value("SELECT count(*) > 3 FROM durable.executor") == true, "nobody was fenced")
            for process in processes { await process.stop() }
        }
    }

    /// Claims, finishes most, drops some on the floor, sweeps, and looks for orphans.
    private static func work(_ process: RecoveryFixture, in fixture: ExecutorFixture, seed: UInt64) async throws {
        var random = SplitMix64(state: seed)
        let offers = [WorkflowOffer(name: "w", versions: [1])]
        while !Task.isCancelled {
            guard let lease = process.executor.lease else {
                try await Task.sleep(for: .milliseconds(5))
                continue
            }
            do {
                _ = try await process.recovery.sweep(as: lease)
                let claimed = try await process.recovery.claim(
                    as: lease,
                    limit: 7,
                    offers: offers,
                    allowSuspect: true
                ).workflows
                for workflow in claimed where random.next() % 4 > 0 {
                    try await self.finish(workflow, as: lease, with: process)
                }
                _ = try await process.recovery.releaseOrphans(of: lease) { _, _ in false }
            } catch let error as DurableError where error.code == .superseded {
                continue
            } catch let error as PostgresError where error.isConnectionLost {
                // Declared dead while it wrote: its session was ended.
                continue
            }
        }
    }

    /// What the journal writer does at a workflow's end: fenced, and conditional on the run's token.
    private static func finish(
        _ workflow: ClaimedWorkflow,
        as lease: Lease,
        with process: RecoveryFixture
    ) async throws {
        let outcome = Query(
            """
            WITH gone AS (
                DELETE FROM durable.live WHERE workflow_id = \(workflow.id) AND run = \(workflow.run) RETURNING workflow_id
            )
            INSERT INTO durable.outcome (workflow_id, status, run)
            SELECT workflow_id, 'succeeded', \(workflow.run) FROM gone
            """
        )
        _ = try await process.recovery.fenced(lease, [Statement(outcome)])
    }

    private static func fence(in fixture: ExecutorFixture) async throws {
        let session = try await fixture.connect()
        while !Task.isCancelled {
            _ = try await session.query(
                """
                SELECT durable.take_over(number, true) FROM (
                    SELECT executor AS number FROM durable.lease ORDER BY random() LIMIT 1
                ) AS victim
                """
            )
            try await Task.sleep(for: .milliseconds(40))
        }
        session.close()
    }

    private static func isInterruption(_ error: any Error) -> Bool {
        if error is CancellationError { return true }
        return (error as? PostgresError)?.code == .cancelled
    }
}

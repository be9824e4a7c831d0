// SPDX-License-Identifier: Apache-2.0

import Libpq
import Testing

@testable import Durable

/// What an executor lets others see of what it runs.
@Suite struct ActivityTests {
    @Test func `steps that run for long are listed, and go when they end`() async throws {
        try await ExecutorFixture.run { fixture in
            let rows = Recorder<ActivityRow>()
            let isOver = Recorder<Bool>()
            let (executor, _) = fixture.executor { isOver.all.isEmpty ? rows.all : [] }
            let row = ActivityRow(
                workflow: "checkout-1",
                scope: "parallel[1]",
                position: 3,
                name: "charge",
                kind: 1,
                attempt: 2,
                startedAt: 1_000_000
            )
            rows.record(row)
            let lease = try await executor.register()
            try await eventually("the step is listed") {
                try await fixture.value("SELECT count(*) FROM durable.activity") == Int64(1)
            }
            let listed = try await fixture.value(
                """
                SELECT concat_ws(' ', executor, workflow_id, scope, position, name, kind, attempt,
                                 extract(epoch FROM started_at - '2000-01-01 00:00+00')::int)
                FROM durable.activity
                """,
                as: String.self
            )
            #expect(listed == "\(lease.identity.number) checkout-1 parallel[1] 3 charge 1 2 1")
            isOver.record(true)
            try await eventually("the step is gone") {
                try await fixture.value("SELECT count(*) FROM durable.activity") == Int64(0)
            }
            await executor.stop()
        }
    }
}

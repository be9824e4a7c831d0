// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import MetricsTestKit
import TestSupport
import Testing

@testable import Durable

/// What is counted when something is amiss.
@Suite struct TroubleMetricsTests {
    /// A step with an input that may differ from build to build, and one that gives up.
    private struct Parcel: Workflow {
        static let name = "parcel"

        let sku: String
        let mayGoOn: Bool

        func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> String {
            try await workflow.step("pack", inputs: StepInputs(.checked, self.sku)) { _ in }
            try await workflow.step("send", retry: .never.pausingWhenExhausted()) { _ in
                if !self.mayGoOn { throw NoPostage() }
            }
            return self.sku
        }
    }

    private struct NoPostage: Error {}

    private static func options(_ metrics: TestMetrics, build: String) -> EngineOptions {
        EngineOptions.test.withoutReplaying(because: "it counts runs").with {
            $0.metrics = metrics
            $0.build = build
        }
    }

    @Test func `a workflow that is paused, and a step that another build gave other inputs`() async throws {
        try await withTestDatabase { database in
            let before = TestMetrics()
            let parcel = Parcel(sku: "cup", mayGoOn: false)
            try await database.withEngine([parcel], Self.options(before, build: "1")) { engine in
                let handle = try await engine.start(Parcel.self, id: "parcel-1")
                try await eventually("it is paused") { try await handle.status().state == .paused }
            }
            let paused = before.counterTotal(
                label: MetricName.paused.rawValue,
                dimensions: [("workflow", "parcel"), ("reason", "retries_exhausted")]
            )
            #expect(paused == 1)
            let after = TestMetrics()
            try await database.text("SELECT durable.resume('parcel-1')::text")
            try await database.withEngine([Parcel(sku: "mug", mayGoOn: true)], Self.options(after, build: "2")) {
                engine in
                let result = try await engine.handle(Parcel.self, id: "parcel-1").result()
                #expect(result == "mug")
            }
            let changed = after.counterTotal(
                label: MetricName.inputsChanged.rawValue,
                dimensions: [("workflow", "parcel")]
            )
            #expect(changed == 1)
        }
    }

    @Test func `a renewal that comes too late, and how many workflows are in memory`() async throws {
        let metrics = TestMetrics()
        let held = Held()
        let options = Self.options(metrics, build: "1").with { $0.lease = .milliseconds(900) }
        try await withTestDatabase { database in
            try await database.withEngine([held], options) { engine in
                let handle = try await engine.start(Held.self, id: "held-1")
                // The gauges are looked at every ten seconds.
                try await eventually("the workflow is seen in memory") {
                    (try? metrics.expectGauge(MetricName.inMemory.rawValue).values.contains(1)) == true
                }
                let connection = try await PostgresConnection.connect(database.configuration)
                defer { connection.close() }
                try await connection.execute("BEGIN")
                try await connection.execute("LOCK TABLE durable.lease IN ACCESS EXCLUSIVE MODE")
                try await eventually("the lease has lapsed") {
                    metrics.counterTotal(label: MetricName.leaseLapsed.rawValue) >= 1
                }
                try await connection.execute("COMMIT")
                held.isHeld.value = false
                #expect(try await handle.result() == "let go")
            }
        }
    }
}

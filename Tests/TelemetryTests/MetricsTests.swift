// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Metrics
import MetricsTestKit
import TestSupport
import Testing

@testable import Durable

@Suite struct MetricsTests {
    @Test func `what an engine does is counted under its names, and never under an id`() async throws {
        let metrics = TestMetrics()
        let options = EngineOptions.testing.withoutReplaying(because: "it counts runs").with { $0.metrics = metrics }
        try await withTestEngine([Sale(), Market()], options: options, clock: .skipping) { test in
            #expect(try await test.run(Sale.self, "teapot", id: "sale-1") == "teapot for 6")
            // Started again: the same workflow, not counted twice.
            try await test.start(Sale.self, "teapot", id: "sale-1")
            #expect(try await test.run(Market.self, "cup") == "cup for 3")
            await #expect(throws: DurableError.self) { try await test.run(Sale.self, "nothing", id: "sale-2") }
        }
        func total(_ name: MetricName, _ values: String...) -> Int64 {
            metrics.counterTotal(label: name.rawValue, dimensions: Array(zip(name.dimensions, values)))
        }
        #expect(total(.started, "sale") == 3)
        #expect(total(.started, "market") == 1)
        #expect(total(.finished, "sale", "succeeded") == 2)
        #expect(total(.finished, "sale", "failed") == 1)
        #expect(total(.finished, "market", "succeeded") == 1)
        #expect(total(.stepRetries, "sale", "price") == 3)
        #expect(total(.resumed, "sale") >= 3)

        func count(_ name: MetricName, _ values: String...) -> Int {
            metrics.timers(label: name.rawValue, dimensions: Array(zip(name.dimensions, values)))
                .reduce(0) { $0 + $1.values.count }
        }
        #expect(count(.stepDuration, "sale", "price", "failed") == 3)
        #expect(count(.stepDuration, "sale", "price", "succeeded") == 3)
        #expect(count(.stepDuration, "sale", "book", "succeeded") == 3)
        #expect(count(.stepDuration, "sale", "ship", "succeeded") == 2)
        #expect(count(.stepDuration, "sale", "ship", "failed") == 1)
        #expect(count(.workflowDuration, "sale", "succeeded") == 2)
        #expect(count(.flush) > 0)
        let rows = try metrics.expectRecorder(MetricName.batchRows.rawValue)
        #expect(!rows.values.isEmpty && rows.values.allSatisfy { $0 >= 1 })

        // Everything that was made has a name of the list, with its labels, and none of them is an id.
        let made =
            metrics.counters.map { ($0.label, $0.dimensions) } + metrics.timers.map { ($0.label, $0.dimensions) }
            + metrics.recorders.map { ($0.label, $0.dimensions) }
        for (label, dimensions) in made {
            let name = try #require(MetricName(rawValue: label), "\(label) is not in the list")
            #expect(dimensions.map { $0.0 } == name.dimensions, "\(label)")
            #expect(dimensions.allSatisfy { !$0.1.contains("sale-") }, "\(label) \(dimensions)")
        }
    }

    @Test func `a lost lease, a takeover and a pause are counted`() async throws {
        let metrics = TestMetrics()
        let options = EngineOptions.testing.withoutReplaying(because: "it counts runs").with {
            $0.metrics = metrics
            $0.lease = .milliseconds(600)
        }
        let held = Held()
        func total(_ name: MetricName) -> Int64 { metrics.counterTotal(label: name.rawValue) }
        try await withTestEngine([held], options: options) { test in
            let handle = try await test.start(Held.self, id: "held-1")
            try await test.wait(forStep: "before", of: handle.id)
            let number = try #require(try test.engine.executorNumber)
            // Somebody declares it dead, while it lives.
            try await test.database.text("SELECT durable.release_executor(\(number))::text")
            try await eventually("the process learns that its lease was lost") { total(.leaseLost) >= 1 }
            try await eventually("what it ran is recovered") { total(.recoveredWorkflows) >= 1 }
            #expect(total(.recoveredExecutors) >= 1)
            held.isHeld.value = false
            try await test.result(of: Held.self, handle.id)
        }
    }

    @Test func `what waits for a process is counted, and how long the oldest one has`() async throws {
        try await withTestDatabase { database in
            let metrics = TestMetrics()
            try await SchemaMigrator(schema: SchemaName("durable"), mode: .onBoot).prepare(database.configuration)
            for number in 1...3 {
                try await database.text("SELECT durable.enqueue('sale', '\"cup\"', $1)::text", "sale-\(number)")
            }
            try await database.text("UPDATE durable.live SET run_at = durable.clock() - interval '1 hour'")
            // Not due, and no work for anybody.
            try await database.text(
                "UPDATE durable.live SET run_at = durable.clock() + interval '1 hour' WHERE workflow_id = 'sale-3'"
            )
            let pool = PostgresPool(database.configuration)
            defer { pool.shutdown() }
            let gauges = QueueGauges(
                pool: pool,
                schema: try SchemaName("durable"),
                metrics: try #require(EngineMetrics(metrics, offering: ["sale", "market"])),
                runs: RunTable(limit: 1),
                offers: [
                    WorkflowOffer(name: "sale", versions: [1, 2]), WorkflowOffer(name: "market", versions: [1]),
                ]
            )
            try await gauges.look()
            func last(_ name: MetricName, _ workflow: String) throws -> Double {
                try metrics.expectGauge(name.rawValue, [("workflow", workflow)]).lastValue ?? -1
            }
            #expect(try last(.queueDepth, "sale") == 2)
            #expect(try (3600...7200).contains(last(.queueAge, "sale")))
            #expect(try last(.queueDepth, "market") == 0)
            #expect(try last(.queueAge, "market") == 0)
        }
    }

    @Test func `names that come from data cannot flood a backend`() {
        let made = Shared(0)
        let handlers = MetricHandlers(limit: 3) { name in
            made.change { $0 += 1 }
            return name
        }
        #expect((1...100).map { handlers["step \($0)"] }.prefix(4) == ["step 1", "step 2", "step 3", "other"])
        #expect(handlers["step 2"] == "step 2")
        #expect(handlers["step 77"] == "other")
        #expect(made.value == 4)
    }

    @Test func `where nobody collects metrics none are made`() {
        #expect(EngineMetrics(NOOPMetricsHandler.instance, offering: ["sale"]) == nil)
    }
}

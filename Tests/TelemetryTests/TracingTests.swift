// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import InMemoryTracing
import Libpq
import TestSupport
import Testing
import Tracing

@testable import Durable

@Suite struct TracingTests {
    /// Runs a test with an engine and a tracer that keeps what it is given.
    private func traced(
        _ workflows: [any Workflow],
        _ body: nonisolated(nonsending) (TestEngine, InMemoryTracer) async throws -> Void
    ) async throws -> InMemoryTracer {
        let tracer = InMemoryTracer()
        let options = EngineOptions.testing.withoutReplaying(because: "it counts runs").with { $0.tracer = tracer }
        try await withTestEngine(workflows, options: options, clock: .skipping) { try await body($0, tracer) }
        return tracer
    }

    /// Starts a workflow within a span, as a request would.
    private func request(_ tracer: InMemoryTracer, _ start: () async throws -> Void) async throws -> InMemorySpan {
        let span = tracer.startSpan("POST /orders", context: .topLevel)
        try await ServiceContext.withValue(span.context) { try await start() }
        span.end()
        return span
    }

    @Test func `runs and attempts are spans of the caller's trace, and replayed steps are none`() async throws {
        let sale = Sale()
        var request: InMemorySpan?
        let tracer = try await self.traced([sale]) { test, tracer in
            request = try await self.request(tracer) { try await test.run(Sale.self, "teapot", id: "sale-1") }
        }
        let caller = try #require(request)
        let spans = tracer.finishedSpans
        let trace = spans.filter { $0.operationName != "POST /orders" }
        #expect(trace.allSatisfy { $0.traceID == caller.traceID })

        let runs = spans.filter { $0.operationName == "sale" }
        #expect(runs.count == sale.world["run"].count && runs.count >= 2)
        #expect(runs.allSatisfy { $0.parentSpanID == caller.spanID })
        let first = try #require(runs.first { $0.attributes.get("durable.run.resumed") == .bool(false) })
        #expect(first.links.isEmpty)
        #expect(first.attributes.get("durable.run.end") == .string("parked"))
        let last = try #require(runs.first { $0.attributes.get("durable.run.end") == .string("succeeded") })
        #expect(last.links.map { $0.context.inMemorySpanContext?.spanID } == [caller.spanID])
        #expect(last.attributes.get("durable.workflow.id") == .string("sale-1"))

        // Each attempt once, however often the workflow was replayed.
        let prices = spans.filter { $0.operationName == "price" }
        #expect(prices.map { $0.attributes.get("durable.step.attempt") } == [.int64(1), .int64(2)])
        #expect(prices.allSatisfy { $0.parentSpanID == first.spanID })
        #expect(prices[0].status?.code == .error && prices[1].status == nil)
        #expect(prices[0].status?.message == "Declined")
        #expect(spans.filter { $0.operationName == "book" }.count == 1)
        let ship = spans.filter { $0.operationName == "ship" }
        #expect(ship.map { $0.parentSpanID } == [last.spanID])
        #expect(tracer.activeSpans.isEmpty)

        // What a body calls is within its span, and what the workflow does between within the run's.
        #expect(sale.world["price"].map { $0?.inMemorySpanContext?.spanID } == prices.map { $0.spanID })
        #expect(sale.world["ship"].map { $0?.inMemorySpanContext?.spanID } == ship.map { $0.spanID })
        #expect(Set(sale.world["run"].map { $0?.inMemorySpanContext?.spanID }) == Set(runs.map { $0.spanID }))
    }

    @Test func `a workflow whose process died goes on in the same trace, linked to its start`() async throws {
        let held = Held()
        var request: InMemorySpan?
        let tracer = try await self.traced([held]) { test, tracer in
            request = try await self.request(tracer) { try await test.start(Held.self, id: "held-1") }
            try await test.wait(forStep: "before", of: "held-1")
            try await test.crash()
            held.isHeld.value = false
            try await test.boot([held])
            try await test.result(of: Held.self, "held-1")
        }
        let caller = try #require(request)
        let spans = tracer.finishedSpans
        let last = try #require(
            spans.first {
                $0.operationName == "held" && $0.attributes.get("durable.run.end") == .string("succeeded")
            }
        )
        #expect(last.traceID == caller.traceID)
        #expect(last.links.map { $0.context.inMemorySpanContext?.spanID } == [caller.spanID])
        #expect(spans.filter { $0.operationName == "before" }.count == 1)
    }

    @Test func `a child belongs to the trace of its parent`() async throws {
        var request: InMemorySpan?
        let tracer = try await self.traced([Sale(), Market()]) { test, tracer in
            request = try await self.request(tracer) { try await test.run(Market.self, "cup") }
        }
        let spans = tracer.finishedSpans
        let parents = Set(spans.filter { $0.operationName == "market" }.map { $0.spanID })
        let children = spans.filter { $0.operationName == "sale" }
        #expect(!children.isEmpty)
        #expect(children.allSatisfy { $0.traceID == request?.traceID && parents.contains($0.parentSpanID ?? "") })
    }

    @Test func `a workflow that nobody traced begins a trace of its own, and its row holds none`() async throws {
        let tracer = try await self.traced([Sale()]) { test, _ in
            try await test.database.text("SELECT durable.enqueue('sale', '\"cup\"', 'sale-1')::text")
            try await test.result(of: Sale.self, "sale-1")
            #expect(try await test.database.text("SELECT (trace IS NULL)::text FROM durable.workflow") == "true")
        }
        let runs = tracer.finishedSpans.filter { $0.operationName == "sale" }
        #expect(!runs.isEmpty && runs.allSatisfy { $0.parentSpanID == nil && $0.links.isEmpty })
    }

    @Test func `a context in the row that no tracer can read changes nothing`() async throws {
        _ = try await self.traced([Sale()]) { test, _ in
            try await test.database.text(
                """
                WITH started AS (
                    INSERT INTO durable.workflow (id, name, input, trace) VALUES ('sale-1', 'sale', '"cup"', '[1, {"a": 2}]')
                    RETURNING id, name
                )
                INSERT INTO durable.live (workflow_id, name, state) SELECT id, name, 'queued' FROM started
                """
            )
            #expect(try await test.result(of: Sale.self, "sale-1") == "cup for 3")
        }
    }
}

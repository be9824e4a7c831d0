// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import InMemoryTracing
import Libpq
import Metrics
import MetricsTestKit
import TestSupport
import Testing
import Tracing

/// What stands around a start stands around a workflow that is put into a queue.
@Suite struct EnqueueTests {
    /// Puts workflows into a queue from within a transaction.
    private struct Seller: Workflow {
        static let name = "seller"

        func run(_ isGiven: Bool, in workflow: WorkflowContext) async throws -> Int {
            try await workflow.transaction("sell", retry: .never) { transaction in
                try await transaction.enqueue(Sale.self, "cup", id: isGiven ? "sold-1" : "never-1")
                let outcomes = try await transaction.enqueueAll(Sale.self, ["cup", "pot"])
                if !isGiven { throw NonRetryable(Sale.Declined()) }
                return outcomes.count
            }
        }
    }

    /// Lets only some pass.
    private struct Doorkeeper: Interceptor {
        struct Refused: Error, CustomStringConvertible {
            let description = "not on the list"
        }

        let asked: Shared<[String]>

        func start(_ call: StartCall, _ proceed: Proceed) async throws {
            self.asked.change { $0.append(call.workflowID) }
            if call.workflowID.hasPrefix("bad") { throw Refused() }
            try await proceed()
        }
    }

    private struct Ear: WorkflowObserver {
        let heard: Shared<[String]>

        func observe(_ event: WorkflowEvent) async throws {
            guard case .started(let call, let isNew) = event else { return }
            self.heard.change { $0.append("\(call.workflowID) \(isNew)") }
        }
    }

    @Test func `interceptors are asked for each, and refuse one or an item of many; observers are told`() async throws {
        let (asked, heard) = (Shared<[String]>([]), Shared<[String]>([]))
        let options = EngineOptions.testing.withoutReplaying(because: "it counts starts").with {
            $0.interceptors = [Doorkeeper(asked: asked)]
            $0.observers = [Ear(heard: heard)]
        }
        try await withTestEngine([Sale()], options: options) { test in
            let engine = try test.engine
            await #expect(throws: Doorkeeper.Refused.self) { try await engine.enqueue(Sale.self, "cup", id: "bad-1") }
            try await engine.enqueue(Sale.self, "cup", id: "good-1")
            let outcomes = try await engine.enqueueAll(
                Sale.self,
                ["cup", "cup", "pot"],
                ids: ["good-1", "bad-2", "good-2"]
            )
            #expect(outcomes.map(\.result) == [.existing, .refused("not on the list"), .started])
            let pool = PostgresPool(test.database.configuration)
            defer { pool.shutdown() }
            try await pool.withTransaction { transaction in
                await #expect(throws: Doorkeeper.Refused.self) {
                    try await engine.enqueue(Sale.self, "cup", id: "bad-3", in: transaction)
                }
                try await engine.enqueue(Sale.self, "cup", id: "good-3", in: transaction)
            }
            let ids = try await test.database.text("SELECT string_agg(id, ' ' ORDER BY id) FROM durable.workflow")
            #expect(ids == "good-1 good-2 good-3")
        }
        #expect(asked.value == ["bad-1", "good-1", "good-1", "bad-2", "good-2", "bad-3", "good-3"])
        #expect(heard.value == ["good-1 true", "good-1 false", "good-2 true"])
    }

    @Test func `what an engine enqueues is counted when it is durable, in a transaction step when that commits`()
        async throws
    {
        let metrics = TestMetrics()
        let options = EngineOptions.testing.withoutReplaying(because: "it counts starts").with { $0.metrics = metrics }
        try await withTestEngine([Sale(), Seller()], options: options) { test in
            try await test.engine.enqueue(Sale.self, "cup", id: "one")
            try await test.engine.enqueue(Sale.self, "cup", id: "one")
            _ = try await test.engine.enqueueAll(Sale.self, ["cup", "pot"], ids: ["one-b", "two-b"])
            #expect(try await test.run(Seller.self, true) == 2)
            await #expect(throws: DurableError.self) { try await test.run(Seller.self, false) }
        }
        #expect(metrics.counterTotal(label: "durable.workflow.started", dimensions: [("workflow", "sale")]) == 6)
    }

    @Test func `the caller's trace is kept in the row, whichever way it is enqueued`() async throws {
        let tracer = InMemoryTracer()
        let options = EngineOptions.testing.withoutReplaying(because: "it counts runs").with { $0.tracer = tracer }
        try await withTestEngine([Sale(), Seller()], options: options, clock: .skipping) { test in
            let span = tracer.startSpan("POST /orders", context: .topLevel)
            let pool = PostgresPool(test.database.configuration)
            defer { pool.shutdown() }
            try await ServiceContext.withValue(span.context) {
                try await test.engine.enqueue(Sale.self, "cup", id: "one")
                _ = try await test.engine.enqueueAll(Sale.self, ["cup"], ids: ["many"])
                try await pool.withTransaction { transaction in
                    try await test.engine.enqueue(Sale.self, "cup", id: "own", in: transaction)
                    _ = try await test.engine.enqueueAll(Sale.self, ["cup"], ids: ["own-many"], in: transaction)
                }
                #expect(try await test.run(Seller.self, true) == 2)
            }
            span.end()
            for id in ["one", "many", "own", "own-many", "sold-1"] {
                #expect(try await test.result(of: Sale.self, id) == "cup for 3")
            }
            let untraced = try await test.database.text(
                "SELECT count(*)::text FROM durable.workflow WHERE trace IS NULL"
            )
            #expect(untraced == "0")
            let runs = tracer.finishedSpans.filter { $0.operationName == "sale" }
            #expect(runs.count >= 5 && runs.allSatisfy { $0.traceID == span.traceID })
        }
    }

    @Test func `SQL gives a trace as well, and what cannot be one is refused`() async throws {
        try await withTestEngine([Sale()]) { test in
            try await test.database.text(
                "SELECT durable.enqueue('sale', '\"cup\"', 'a', trace => '{\"traceparent\": \"00-1-2-01\"}')::text"
            )
            #expect(try await test.database.text("SELECT trace ->> 'traceparent' FROM durable.workflow") == "00-1-2-01")
            for trace in ["'[1]'", "'7'", "json_build_object('traceparent', repeat('x', 9000))"] {
                for call in [
                    "enqueue('sale', '1', 'b', trace => \(trace))",
                    "enqueue_all('sale', ARRAY['1']::json[], trace => \(trace))",
                ] {
                    let error = await #expect(throws: (any Error).self) {
                        try await test.database.text("SELECT durable.\(call)::text")
                    }
                    #expect(
                        "\(error.map { "\($0)" } ?? "")".contains(
                            "the trace of workflow \"sale\" must be an object of at most"
                        )
                    )
                }
            }
            #expect(try await test.database.text("SELECT count(*)::text FROM durable.workflow") == "1")
        }
    }
}

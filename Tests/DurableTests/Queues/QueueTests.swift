// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Synchronization
import Testing

@testable import Durable

/// Queues as a service sees them: engines that share them, people who change them.
@Suite struct QueueTests {
    /// Counts how many are inside at once.
    private final class Crowd: Sendable {
        private let state = Mutex((inside: 0, most: 0, entered: 0))

        var inside: Int { self.state.withLock { $0.inside } }
        var most: Int { self.state.withLock { $0.most } }
        var entered: Int { self.state.withLock { $0.entered } }

        func enter() {
            self.state.withLock { state in
                state.inside += 1
                state.entered += 1
                state.most = max(state.most, state.inside)
            }
        }

        func leave() { self.state.withLock { $0.inside -= 1 } }
    }

    @Test func `two engines keep to the limits of a queue that they declare, and all of it ends`() async throws {
        let (crowd, left, right) = (Crowd(), Crowd(), Crowd())
        func program(_ own: Crowd) -> Program<Int, Int> {
            Program { input, workflow in
                try await workflow.step("work") { _ in
                    crowd.enter()
                    own.enter()
                    defer {
                        crowd.leave()
                        own.leave()
                    }
                    try await Task.sleep(for: .milliseconds(5))
                    return input
                }
            }
        }
        let options = EngineOptions.test.with {
            $0.queues = [WorkflowQueue("narrow", concurrency: 5, concurrencyPerProcess: 3)]
        }
        try await withEngine([program(left)], options) { engine, database in
            try await SlotWatch.install(for: "narrow") { try await database.execute($0) }
            try await database.withEngine([program(right)], options) { _ in
                var enqueue = EnqueueOptions()
                enqueue.queue = "narrow"
                let outcomes = try await engine.enqueueAll(Program<Int, Int>.self, Array(0..<60), options: enqueue)
                #expect(outcomes.allSatisfy { $0.result == .started })
                try await eventually("all end", within: .seconds(60)) {
                    try await database.text("SELECT count(*)::text FROM durable.outcome") == "60"
                }
            }
            #expect(crowd.entered == 60 && crowd.most <= 5 && left.most <= 3 && right.most <= 3)
            #expect(
                try await database.text("SELECT (max(slots) <= 5 AND max(in_process) <= 3)::text FROM taken") == "true"
            )
            #expect(
                try await database.text(
                    "SELECT concat_ws('|', concurrency, process_concurrency, is_overridden) FROM durable.queue WHERE name = 'narrow'"
                )
                    == "5|3|f"
            )
        }
    }

    @Test func `one that parks gives its slot back, and goes on before what has not begun`() async throws {
        let order = Recorder<String>()
        let gate = Gate()
        let program = Program<String, String> { input, workflow in
            try await workflow.step("first") { _ in order.record("\(input) begins") }
            if input == "sleeper" {
                _ = try await workflow.receive(Int.self, "go on", within: .seconds(600))
                try await workflow.step("second") { _ in order.record("sleeper goes on") }
            } else {
                try await workflow.step("wait") { _ in try await gate.wait() }
            }
            return input
        }
        let options = EngineOptions.replaying.with { $0.queues = [WorkflowQueue(concurrency: 1)] }
        try await withEngine([program], options) { engine, database in
            try await engine.enqueue(Program<String, String>.self, "sleeper", id: "sleeper")
            try await database.waitFor(.waiting, of: "sleeper")
            try await engine.enqueue(Program<String, String>.self, "a", id: "a")
            try await eventually("the slot is taken by another one") { order.all.contains("a begins") }
            try await engine.enqueue(Program<String, String>.self, "b", id: "b")
            try await engine.signal("sleeper", "go on", 1)
            // Due, and behind the one that runs.
            try await eventually("it is due") {
                try await database.text("SELECT queued::text FROM durable.queues") == "2"
            }
            #expect(order.all == ["sleeper begins", "a begins"])
            gate.open()
            #expect(try await engine.handle(Program<String, String>.self, id: "b").result() == "b")
            let expected = ["sleeper begins", "a begins", "sleeper goes on", "b begins"]
            #expect(order.all.reduce(into: []) { if !$0.contains($1) { $0.append($1) } } == expected)
        }
    }

    @Test func `the higher priority goes first, then the order of the call`() async throws {
        let order = Recorder<Int>()
        let gate = Gate()
        let program = Program<Int, Int> { input, workflow in
            try await workflow.step("work") { _ in
                if input == 0 { try await gate.wait() } else { order.record(input) }
                return input
            }
        }
        let options = EngineOptions.test.with { $0.queues = [WorkflowQueue(concurrency: 1)] }
        try await withEngine([program], options) { engine, database in
            try await engine.enqueue(Program<Int, Int>.self, 0, id: "first")
            try await database.waitFor(.running, of: "first")
            var urgent = EnqueueOptions()
            urgent.priority = 5
            // Ids in another order than the call's.
            try await engine.enqueueAll(Program<Int, Int>.self, [1, 2, 3], ids: ["z", "y", "x"])
            try await engine.enqueueAll(Program<Int, Int>.self, [4, 5], ids: ["v", "u"], options: urgent)
            gate.open()
            try await eventually("all end") {
                try await database.text("SELECT count(*)::text FROM durable.outcome") == "6"
            }
            #expect(order.all == [4, 5, 1, 2, 3])
        }
    }

    @Test func `a delay is waited for, and attributes, queue and priority are kept`() async throws {
        let program = Program<Int, Int> { input, _ in input }
        try await withEngine([program]) { engine, database in
            var options = EnqueueOptions()
            options.delay = .seconds(3_600)
            options.priority = 7
            options.attributes = ["tenant": "acme"]
            try await engine.enqueue(Program<Int, Int>.self, 1, id: "later", options: options)
            options.delay = .milliseconds(300)
            let began = ContinuousClock.now
            #expect(try await engine.enqueue(Program<Int, Int>.self, 2, id: "soon", options: options).result() == 2)
            #expect(ContinuousClock.now - began >= .milliseconds(300))
            #expect(
                try await database.rows(
                    """
                    SELECT concat_ws('|', w.attributes ->> 'tenant', w.queue, l.queue, l.priority,
                        l.run_at - w.created_at = interval '1 hour')
                    FROM durable.live l JOIN durable.workflow w ON w.id = l.workflow_id
                    """
                ) == ["acme|default|default|7|t"]
            )
            #expect(try await engine.operations.queues().map { "\($0.name) \($0.delayed)" } == ["default 1"])
        }
    }

    @Test func `why says behind how many it waits, and which limit is reached`() async throws {
        let gate = Gate()
        let program = Program<Int, Int> { input, workflow in
            try await workflow.step("hold") { _ in try await gate.wait() }
            return input
        }
        try await withEngine([program], EngineOptions.test.with { $0.queues = [WorkflowQueue("mail", concurrency: 2)] })
        {
            engine,
            database in
            let operations = try await engine.operations
            var options = EnqueueOptions()
            options.queue = "mail"
            try await engine.enqueueAll(
                Program<Int, Int>.self,
                [1, 2, 3, 4, 5],
                ids: ["a", "b", "c", "d", "e"],
                options: options
            )
            try await database.waitFor(.running, of: "a")
            try await database.waitFor(.running, of: "b")
            let full = try await operations.why("e")
            #expect(
                full.sentence
                    == "It is queued in mail behind 2 of its kind: the limit of 2 that run at once is reached."
            )
            #expect(full.facts.contains("\"limit_reached\": true") && full.facts.contains("\"ahead\": 2"))
            try await operations.setQueue(
                "mail",
                concurrency: nil,
                concurrencyPerProcess: 1,
                reason: "the relay is slow"
            )
            let each = try await operations.why("c")
            #expect(
                each.sentence
                    == "It is queued in mail as the first of its kind: each process runs 1 of the queue, which is its limit."
            )
            let status = try #require(try await operations.queues().first { $0.name == "mail" })
            #expect(status.queued == 3 && status.running == 2 && status.concurrency == nil)
            #expect(status.concurrencyPerProcess == 1 && status.oldestDueAt != nil)
            #expect(
                try await database.rows(
                    "SELECT concat_ws('|', action, subject, reason, details ->> 'after') FROM durable.audit"
                )
                    == ["set_queue|mail|the relay is slow|{\"concurrency\": null, \"process_concurrency\": 1}"]
            )
            gate.open()
            try await eventually("all end") {
                try await database.text("SELECT count(*)::text FROM durable.outcome") == "5"
            }
        }
    }

    @Test func `what a person has set stands before what processes declare, until it is given back`() async throws {
        func limits(_ database: TestDatabase) async throws -> String {
            try await database.text(
                "SELECT concat_ws('|', concurrency, process_concurrency) FROM durable.queue WHERE name = 'q'"
            )
        }
        let options = EngineOptions.test.with { $0.queues = [WorkflowQueue("q", concurrency: 4)] }
        let program = Program<Int, Int> { input, _ in input }
        try await withEngine([program], options) { engine, database in
            let operations = try await engine.operations
            #expect(try await limits(database) == "4")
            #expect(try await operations.resetQueue("q") == false)
            try await operations.setQueue("q", concurrency: 9, concurrencyPerProcess: 8)
            try await database.withEngine([program], options) { _ in }
            #expect(try await limits(database) == "9|8")
            #expect(try await operations.resetQueue("q", reason: "over") == true)
            #expect(try await limits(database) == "9|8")
            try await database.withEngine([program], options) { _ in }
            #expect(try await limits(database) == "4")
        }
    }

    @Test func `a failed one that is retried waits in its queue again`() async throws {
        let tries = Counter()
        let program = Program<Int, Int> { _, workflow in
            try await workflow.step("work", retry: RetryPolicy.constant(attempts: 1, delay: .zero)) { _ in
                if tries.next() == 1 { throw Outage() }
                return 1
            }
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.enqueue(Program<Int, Int>.self, 1, id: "a")
            await #expect(throws: (any Error).self) { try await handle.result() }
            try await engine.operations.setQueue("default", concurrency: 0)
            try await engine.operations.retry("a")
            #expect(
                try await database.text("SELECT concat_ws('|', queue, begun, state) FROM durable.live")
                    == "default|t|queued"
            )
            try await engine.operations.setQueue("default", concurrency: 1)
            #expect(try await engine.handle(Program<Int, Int>.self, id: "a").result() == 1)
        }
    }
}

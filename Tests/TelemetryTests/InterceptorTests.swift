// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Libpq
import TestSupport
import Testing

/// Notes what it stands around, when it begins and when it ends.
private struct Chronicle: Interceptor {
    let name: String
    let lines: Shared<[String]>

    private func note(_ line: String) { self.lines.change { $0.append("\(self.name) \(line)") } }

    func start(_ call: StartCall, _ proceed: Proceed) async throws {
        self.note("> start \(call.workflowName)")
        try await proceed()
        self.note("< start \(call.workflowName)")
    }

    func run(_ call: RunCall, _ passage: Passage) async {
        self.note("> run \(call.workflowName) \(call.isResumed ? "again" : "")")
        self.note("< run \(call.workflowName) \(await passage.proceed())")
    }

    func step(_ call: StepCall, _ proceed: Proceed) async throws {
        self.note("> \(call.kind.rawValue) \(call.label) \(call.attempt)")
        defer { self.note("< \(call.kind.rawValue) \(call.label) \(call.attempt)") }
        try await proceed()
    }

    func wait(_ call: WaitCall, _ passage: Passage) async {
        self.note("> wait")
        self.note("< wait \(await passage.proceed())")
    }

    func child(_ call: ChildCall, _ passage: Passage) async {
        self.note("> child \(call.childName) \(call.childIDs.count)")
        self.note("< child \(await passage.proceed())")
    }
}

/// Refuses what it can.
private struct Guard: Interceptor {
    struct Refused: Error {}

    let refusesStart: Bool

    func start(_ call: StartCall, _ proceed: Proceed) async throws {
        if self.refusesStart { throw Refused() }
        try await proceed()
    }

    func step(_ call: StepCall, _ proceed: Proceed) async throws {
        if call.name == "price", call.attempt < 3 { throw Refused() }
        try await proceed()
    }
}

/// Makes every mistake that there is to be made.
private struct Careless: Interceptor {
    struct Swallowed: Error {}

    func start(_ call: StartCall, _ proceed: Proceed) async throws {
        try? await proceed()
    }

    func run(_ call: RunCall, _ passage: Passage) async {}

    func step(_ call: StepCall, _ proceed: Proceed) async throws {
        switch (call.name, call.attempt) {
        // Its failure stays one.
        case ("price", 1): try? await proceed()
        case ("price", 2): return
        case ("price", 3):
            try await proceed()
            try await proceed()
        default: try await proceed()
        }
    }

    func wait(_ call: WaitCall, _ passage: Passage) async {
        await passage.proceed()
        await passage.proceed()
    }

    func child(_ call: ChildCall, _ passage: Passage) async {}
}

/// Writes in a transaction, whose interceptor fails after it.
private struct Booking: Workflow {
    static let name = "booking"

    func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> Int {
        try await workflow.transaction("book", retry: .immediately(attempts: 2)) { transaction in
            try await transaction.execute("INSERT INTO booking (place) VALUES ('here')")
        }
        return try await workflow.step("rest", retry: .immediately(attempts: 4)) { step in step.attempt }
    }
}

private struct FailsOnce: Interceptor {
    struct TooBad: Error {}

    func step(_ call: StepCall, _ proceed: Proceed) async throws {
        try await proceed()
        if call.kind == .transaction, call.attempt == 1 { throw TooBad() }
    }
}

/// Throws, or never returns.
private struct Hostile: WorkflowObserver {
    struct Broken: Error {}

    let hangs: Bool
    let events: Shared<[WorkflowEvent]>

    func observe(_ event: WorkflowEvent) async throws {
        self.events.change { $0.append(event) }
        if !self.hangs { throw Broken() }
        // Deaf to its cancellation, and nobody ever wakes it.
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
    }
}

@Suite struct InterceptorTests {
    private func options(_ interceptors: [any Interceptor], _ observers: [any WorkflowObserver] = []) -> EngineOptions {
        EngineOptions.testing.withoutReplaying(because: "it counts calls").with {
            $0.interceptors = interceptors
            $0.observers = observers
        }
    }

    @Test
    func
        `interceptors stand around starts, runs, steps, waits and children, in order, and never around replayed steps`()
        async throws
    {
        let lines = Shared<[String]>([])
        let options = self.options([Chronicle(name: "outer", lines: lines), Chronicle(name: "inner", lines: lines)])
        try await withTestEngine([Sale(), Market()], options: options, clock: .skipping) { test in
            let sold = try await test.run(Market.self, "cup")
            #expect(sold == "cup for 3")
        }
        let outer = lines.value.filter { $0.hasPrefix("outer") }.map { String($0.dropFirst(6)) }
        #expect(outer.prefix(1) == ["> start market"])
        for line in [
            "< start market", "> child sale 1", "< child returned", "> step price 1", "< step price 1",
            "> step price 2",
            "> transaction book 1", "< transaction book 1", "> step ship 1", "< step ship 1", "< run sale returned",
            "< run market returned",
        ] {
            #expect(outer.filter { $0 == line }.count == 1, "\(line)")
        }
        // Both were parked, and taken up again.
        #expect(outer.filter { $0 == "> run sale again" }.count >= 1)
        #expect(outer.filter { $0 == "< run sale interrupted" }.count >= 1)
        #expect(outer.filter { $0 == "< wait interrupted" }.count >= 2)
        // The first one is the outermost.
        let steps = lines.value.filter { $0.hasSuffix("price 2") }
        #expect(
            steps == ["outer > step price 2", "inner > step price 2", "inner < step price 2", "outer < step price 2"]
        )
    }

    @Test func `an interceptor refuses a start, and nothing was started`() async throws {
        try await withTestEngine([Sale()], options: self.options([Guard(refusesStart: true)])) { test in
            await #expect(throws: Guard.Refused.self) { try await test.start(Sale.self, "cup", id: "sale-1") }
            let count = try await test.database.text("SELECT count(*)::text FROM durable.workflow")
            #expect(count == "0")
        }
    }

    @Test func `what an interceptor throws around a step is an attempt that failed`() async throws {
        let sale = Sale()
        let options = self.options([Guard(refusesStart: false)])
        try await withTestEngine([sale], options: options, clock: .skipping) { test in
            #expect(try await test.run(Sale.self, "cup", id: "sale-1") == "cup for 3")
            let errors = try await test.database.text(
                "SELECT string_agg(error ->> 'type', ' ') FROM durable.journal WHERE name = 'price' AND phase > 0"
            )
            #expect(errors == "TelemetryTests.Guard.Refused TelemetryTests.Guard.Refused")
        }
        #expect(sale.world["price"].count == 1)
    }

    @Test func `an interceptor that fails after a transaction's body rolls it back`() async throws {
        try await withTestEngine([Booking()], options: self.options([FailsOnce()])) { test in
            try await test.database.text("CREATE TABLE booking (place text)")
            #expect(try await test.run(Booking.self) == 1)
            #expect(try await test.database.text("SELECT count(*)::text FROM booking") == "1")
        }
    }

    @Test func `mistakes of an interceptor cost attempts, and neither results nor calls that cannot be refused`()
        async throws
    {
        let sale = Sale()
        try await withTestEngine([sale, Market()], options: self.options([Careless()]), clock: .skipping) { test in
            let thrown = await #expect(throws: DurableError.self) {
                try await test.run(Market.self, "cup", id: "market-1")
            }
            #expect(thrown?.code == .workflowFailed)
            let errors = try await test.database.text(
                """
                SELECT string_agg(error ->> 'message', ' | ' ORDER BY phase = 0, phase) FROM durable.journal
                WHERE name = 'price'
                """
            )
            #expect(errors.contains("the interceptor Careless has returned without proceed()"), "\(errors)")
            #expect(errors.contains("the interceptor Careless has called proceed() twice"), "\(errors)")
        }
        // The second attempt never came to its body, and the third one ran it once.
        #expect(sale.world["price"].count == 2)
    }

    @Test(arguments: [false, true]) func `an observer that throws or hangs changes nothing`(hangs: Bool) async throws {
        let events = Shared<[WorkflowEvent]>([])
        let options = self.options([], [Hostile(hangs: hangs, events: events)])
        try await withTestEngine([Sale()], options: options, clock: .skipping) { test in
            for number in 1...20 {
                let sold = try await test.run(Sale.self, "cup", id: "sale-\(number)")
                #expect(sold == "cup for 3")
            }
        }
        guard !hangs else {
            #expect(events.value.count == 1)
            return
        }
        let steps = events.value.compactMap {
            if case .stepEnded(let call, let end, _) = $0 { (call, end) } else { nil }
        }
        #expect(steps.filter { $0.0.name == "price" && $0.1 == .threw(type: "Declined") }.count == 20)
        #expect(steps.filter { $0.0.name == "ship" && $0.1 == .returned }.count == 20)
        let ends = events.value.filter { if case .runEnded(_, .returned) = $0 { true } else { false } }
        #expect(ends.count == 20)
    }

    @Test func `an observer that hangs misses events beyond those that are kept for it, and they are counted`()
        async throws
    {
        let options = self.options([], [Hostile(hangs: true, events: Shared([]))])
        let metrics = TestCounters()
        try await withTestEngine([Booking()], options: options.with { $0.metrics = metrics.factory }) { test in
            try await test.database.text("CREATE TABLE booking (place text)")
            for number in 1...300 { try await test.start(Booking.self, id: "booking-\(number)") }
            for number in 1...300 { try await test.result(of: Booking.self, "booking-\(number)") }
            #expect(metrics.total("durable.observer.dropped") > 0)
        }
    }
}

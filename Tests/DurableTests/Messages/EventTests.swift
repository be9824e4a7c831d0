// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Testing

@testable import Durable

struct Payment: Codable, Sendable, Hashable {
    var amount: Int
}

extension Event where Payload == Payment {
    static let paid = Event("paid")
}

@Suite struct EventTests {
    /// Started by an event.
    private struct Fulfilment: Workflow {
        static var name: String { "fulfilment" }
        func run(_ payment: Payment, in workflow: WorkflowContext) async throws -> Int { payment.amount }
    }

    @Test(arguments: waysToWait) func `an event wakes who waits for its key and fulfils the predicate`(
        options: EngineOptions
    ) async throws {
        let program = Plain { _, workflow in
            try await workflow.waitForEvent(.paid, key: "order-1", within: .seconds(600)) { $0.amount > 10 }?.amount
        }
        try await withEngine([program], options) { engine, database in
            let handle = try await engine.start(Plain<Int?>.self, id: "a")
            if options.hold == .zero { try await database.waitFor(.waiting, of: "a") }
            try await engine.publish(.paid, Payment(amount: 50), key: "order-2")
            try await engine.publish(.paid, Payment(amount: 5), key: "order-1")
            try await engine.publish(.paid, Payment(amount: 20), key: "order-1")
            #expect(try await handle.result() == 20)
            #expect(try await database.text("SELECT count(*)::text FROM durable.subscription") == "0")
        }
    }

    @Test(arguments: waysToWait)
    func `an event that was published before the wait is found, and none is received twice`(
        options: EngineOptions
    ) async throws {
        let published = Gate()
        let program = Plain { _, workflow in
            try await workflow.step("until published") { _ in try await published.wait() }
            let first = try await workflow.waitForEvent(.paid)?.amount
            try await workflow.sleep(for: .milliseconds(20))
            let second = try await workflow.waitForEvent(.paid)?.amount
            let none = try await workflow.waitForEvent(.paid, within: .milliseconds(20))?.amount
            let recent = try await workflow.waitForEvent(.paid, within: .zero, lookBack: .zero)?.amount
            return [first, second, none, recent]
        }
        try await withEngine([program], options) { engine, database in
            try await engine.publish(.paid, Payment(amount: 0), key: "before the workflow")
            try await database.execute("UPDATE durable.event SET published_at = published_at - interval '10 s'")
            let handle = try await engine.start(Plain<[Int?]>.self, id: "a")
            try await engine.publish(.paid, Payment(amount: 1))
            try await database.execute("SELECT durable.publish_event('paid', 'k', '{\"amount\": 2}')")
            published.open()
            #expect(try await handle.result() == [1, 2, nil, nil])
        }
    }

    @Test func `an event in a transaction is published with it, and starts what is registered for it`() async throws {
        let program = Program<Bool, Nothing> { fails, workflow in
            try await workflow.transaction("pay") { transaction in
                try await transaction.publish(.paid, Payment(amount: fails ? 1 : 2))
                if fails { throw Outage() }
            }
            return Nothing()
        }
        try await withDatabase { database in
            let engine = try DurableEngine(
                database: database.configuration,
                workflows: [program, Fulfilment()],
                triggers: [EventTrigger(.paid, starts: Fulfilment.self)],
                options: .test
            )
            let running = Task { try await engine.run() }
            try await engine.waitUntilReady()
            _ = await failure { try await engine.start(Program<Bool, Nothing>.self, true).result() }
            try await engine.start(Program<Bool, Nothing>.self, false).result()
            try await eventually("the event has started its workflow") {
                try await database.text(
                    "SELECT string_agg(o.output::text, ' ') FROM durable.outcome o JOIN durable.workflow w "
                        + "ON w.id = o.workflow_id WHERE w.name = 'fulfilment'"
                ) == "2"
            }
            running.cancel()
            try? await running.value
        }
    }

    @Test func `bad names, keys and times are refused in words, and nothing is published`() async throws {
        try await withEngine([Plain { _, _ in 1 }], .test.with { $0.payloadLimit = 100 }) { engine, database in
            for (event, text, key, words) in [
                (Event<String>(""), "x", nil, "The event name is empty."),
                (Event("e"), "x", "", "The idempotency key is empty."),
                (Event("e"), String(repeating: "x", count: 200), nil, "The payload of event \"e\" is "),
            ] as [(Event<String>, String, String?, String)] {
                let error = try #require(
                    await failure { try await engine.publish(event, text, key: key) } as? DurableError
                )
                #expect(error.message.contains(words), "\(error.message)")
            }
            #expect(try await database.text("SELECT count(*)::text FROM durable.event") == "0")
        }
    }
}

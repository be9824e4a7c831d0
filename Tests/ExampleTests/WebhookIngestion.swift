// SPDX-License-Identifier: Apache-2.0

import DurableMacros
import DurableTesting
import Testing

/// What a payment service delivers, at least once.
struct Delivery: Codable, Sendable {
    var id: String
    var cents: Int
    /// Differs from one delivery of an event to the next.
    var deliveredAt: String
}

/// Books a delivery: its id is the workflow's, so that a redelivery finds the workflow that is already there.
@Workflow("webhook-ingestion")
struct WebhookIngestion {
    func run(_ delivery: Delivery, in workflow: WorkflowContext) async throws -> Int {
        try await self.book(delivery, in: workflow)
    }

    @Transaction
    func book(_ delivery: Delivery, in transaction: Transaction) async throws -> Int {
        try await transaction.execute("INSERT INTO booking (event, cents) VALUES (\(delivery.id), \(delivery.cents))")
    }

    /// The handler of the route: answer 200 when this returns.
    static func receive(_ delivery: Delivery, engine: DurableEngine) async throws -> Bool {
        try await engine.start(
            WebhookIngestion.self,
            delivery,
            id: "webhook-\(delivery.id)",
            onDuplicate: .returnExisting
        ).isNew
    }
}

@Suite struct WebhookIngestionTests {
    @Test func `a delivery that comes five times at once is booked once`() async throws {
        try await withTestEngine(
            [WebhookIngestion()],
            prepare: { try await $0.execute("CREATE TABLE booking (event text, cents bigint)") }
        ) { test in
            let engine = try test.engine
            let new = try await withThrowingTaskGroup(of: Bool.self) { group in
                for second in 1...5 {
                    group.addTask {
                        let delivery = Delivery(id: "evt_1", cents: 4_900, deliveredAt: "12:00:0\(second)")
                        return try await WebhookIngestion.receive(delivery, engine: engine)
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(new == 1)
            #expect(try await test.result(of: WebhookIngestion.self, "webhook-evt_1") == 1)
            #expect(try await test.database.number("SELECT sum(cents)::bigint FROM booking") == 4_900)
        }
    }
}

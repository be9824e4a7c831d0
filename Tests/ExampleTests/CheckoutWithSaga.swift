// SPDX-License-Identifier: Apache-2.0

import DurableMacros
import DurableTesting
import Testing

/// Reserves, charges and ships; when that comes to nothing, the charge is refunded and the reservation released.
@Workflow("checkout-with-saga")
struct CheckoutWithSaga {
    struct OutOfStock: Error {}

    let ledger: Ledger

    func run(_ order: Int, in workflow: WorkflowContext) async throws -> String {
        try await self.reserve(order, in: workflow) { transaction in
            try await transaction.execute("DELETE FROM reservation WHERE order_id = \(order)")
        }
        let charge = try await self.charge(order, in: workflow) { charge, step in
            // Nil: nobody knows whether the charge went through. The key finds out.
            self.ledger.note("refund \(charge ?? step.idempotencyKey)")
        }
        try await self.ship(order, in: workflow)
        return charge
    }

    @Transaction
    func reserve(_ order: Int, in transaction: Transaction) async throws {
        try await transaction.execute("INSERT INTO reservation (order_id) VALUES (\(order))")
    }

    @Step(retry: .exponential(attempts: 5))
    func charge(_ order: Int, in step: StepContext) async throws -> String {
        self.ledger.note("charge \(order)")
        return "ch_\(order)"
    }

    @Step(retry: .never)
    func ship(_ order: Int, in step: StepContext) async throws {
        if order % 2 == 1 { throw OutOfStock() }
        self.ledger.note("ship \(order)")
    }
}

@Suite struct CheckoutWithSagaTests {
    @Test func `an order that cannot be shipped is refunded and released, another one stays`() async throws {
        let ledger = Ledger()
        try await withTestEngine(
            [CheckoutWithSaga(ledger: ledger)],
            prepare: { try await $0.execute("CREATE TABLE reservation (order_id bigint PRIMARY KEY)") }
        ) { test in
            #expect(try await test.run(CheckoutWithSaga.self, 2) == "ch_2")
            try await test.start(CheckoutWithSaga.self, 3, id: "odd")
            await #expect(throws: (any Error).self) { try await test.result(of: CheckoutWithSaga.self, "odd") }
            #expect(ledger.all == ["charge 2", "ship 2", "charge 3", "refund ch_3"])
            #expect(try await test.database.number("SELECT sum(order_id)::bigint FROM reservation") == 2)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Foundation
import Libpq
import Testing

/// The examples of the kit's documentation comments, word for word, in a shop that they might have been written for.
@Suite struct DocumentedExamples {
    private let order = Purchase(id: "o-1")
    private let payments = FakePayments()
    private let mailer = FakeMailer()

    @Test func `the order is charged once`() async throws {
        try await withTestDatabase { database in
            try await database.execute("CREATE TABLE reservation (order_id text)")
            let connection = try await PostgresConnection.connect(database.configuration)
            defer { connection.close() }
            let rows = try await connection.query("SELECT count(*) FROM reservation")
            #expect(try rows.first?.decode(0, as: Int.self) == 0)
        }
    }

    @Test func `an order is charged, and the reminder goes out three days later`() async throws {
        try await withTestEngine([Checkout(payments: payments)], clock: .skipping) { test in
            let receipt = try await test.run(Checkout.self, order)
            #expect(receipt.isPaid)
        }
    }

    @Test func `the mail server is away, and the payment is pretended`() async throws {
        let standIns = StandIns()
        standIns.step("charge", .returns(Charge(id: "c-1")))
        standIns.step("email", occurrence: 2, .fails(with: MailServerAway(), times: 2))
        try await withTestEngine([Checkout()], clock: .skipping, standIns: standIns) { test in
            try await test.run(Checkout.self, order)
        }
    }

    @Test func `a reminder is sent when its time has come`() async throws {
        try await withTestEngine([Reminder(mailer: mailer)]) { test in
            try await test.start(Reminder.self, order, id: "reminder-1")
            try await test.wait(for: .waiting, of: "reminder-1")
            try await test.clock.advance(by: .seconds(3 * 86_400))
            try await test.result(of: Reminder.self, "reminder-1")
            #expect(mailer.sent == ["reminder-1"])
        }
    }

    @Test func `a checkout survives a crash at any point`() async throws {
        try await assertSurvivesCrashes(
            of: Checkout(payments: FakePayments()),
            input: order,
            prepare: { try await $0.execute("CREATE TABLE reservation (order_id text)") }
        )
    }

    @Test func `a checkout that reaches the database by itself survives as well`() async throws {
        try await assertSurvivesCrashes(of: { Checkout(orders: OrderTable($0.configuration)) }, input: order)
    }

    private func follow() async throws {
        let export = try WorkflowExport(json: Data(contentsOf: URL(filePath: "Histories/checkout-1042.json")))
        try await assertReplays(export, with: [Checkout(payments: FakePayments())])
    }
}

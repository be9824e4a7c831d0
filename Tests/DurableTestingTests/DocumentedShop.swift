// SPDX-License-Identifier: Apache-2.0

import Durable
import Libpq
import Synchronization

/// The shop of the examples.
extension DocumentedExamples {
    struct Purchase: Codable, Sendable {
        var id: String
    }

    struct Charge: Codable, Sendable {
        var id: String
    }

    struct Receipt: Codable, Sendable {
        var isPaid: Bool
    }

    struct MailServerAway: Error {}

    struct FakePayments: Sendable {
        func charge(_ order: Purchase) -> Charge { Charge(id: "c-\(order.id)") }
    }

    final class FakeMailer: Sendable {
        private let list = Mutex<[String]>([])

        var sent: [String] { self.list.withLock { $0 } }

        func send(_ what: String) { self.list.withLock { $0.append(what) } }
    }

    /// A table of the service's own that it reaches with connections of its own.
    struct OrderTable: Sendable {
        private let database: PostgresConfiguration

        init(_ database: PostgresConfiguration) {
            self.database = database
        }

        func note(_ charge: Charge) async throws {
            let connection = try await PostgresConnection.connect(self.database)
            defer { connection.close() }
            try await connection.execute("CREATE TABLE IF NOT EXISTS noted (charge text PRIMARY KEY)")
            try await connection.execute("INSERT INTO noted (charge) VALUES (\(charge.id)) ON CONFLICT DO NOTHING")
        }
    }

    struct Checkout: Workflow {
        static let name = "documented-checkout"

        var payments = FakePayments()
        var orders: OrderTable?

        func run(_ order: Purchase, in workflow: WorkflowContext) async throws -> Receipt {
            let (payments, orders) = (self.payments, self.orders)
            let charge = try await workflow.step("charge") { _ in payments.charge(order) }
            try await workflow.step("note") { _ in try await orders?.note(charge) }
            try await workflow.step("email") { _ in }
            try await workflow.sleep(for: .seconds(3 * 86_400))
            try await workflow.step("email") { _ in }
            return Receipt(isPaid: !charge.id.isEmpty)
        }
    }

    struct Reminder: Workflow {
        static let name = "documented-reminder"

        let mailer: FakeMailer

        func run(_ order: Purchase, in workflow: WorkflowContext) async throws -> String {
            let (mailer, id) = (self.mailer, workflow.workflowID)
            try await workflow.sleep(for: .seconds(3 * 86_400))
            try await workflow.step("remind") { _ in mailer.send(id) }
            return order.id
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

// The program of README.md. `ReadmeTests` checks that every Swift block of it is here, and runs the program.

import DurableMacros
import Logging
import ServiceLifecycle
import UnixSignals

@Workflow("checkout")
struct Checkout {
    let payments: PaymentsClient
    let mailer: Mailer
    let printer: LabelPrinter

    func run(_ order: Order, in workflow: WorkflowContext) async throws -> Receipt {
        try await self.reserve(order, in: workflow)
        let charge = try await self.charge(order, in: workflow)
        let (email, label) = try await workflow.parallel(
            { branch in try await self.email(order, in: branch) },
            { branch in try await self.label(order, in: branch) }
        )
        try await workflow.sleep(for: .seconds(2))
        return Receipt(charge: charge, email: email, label: label)
    }

    @Transaction  // exactly once: its rows and its checkpoint commit together
    func reserve(_ order: Order, in transaction: Transaction) async throws {
        try await transaction.execute("INSERT INTO reservation (order_id, sku) VALUES (\(order.id), \(order.sku))")
    }

    @Step(retry: .exponential(attempts: 5))  // at least once, recorded once
    func charge(_ order: Order, in step: StepContext) async throws -> String {
        try await self.payments.charge(order.totalInCents, idempotencyKey: step.idempotencyKey)
    }

    @Step
    func email(_ order: Order, in step: StepContext) async throws -> String {
        try await self.mailer.confirm(order, idempotencyKey: step.idempotencyKey)
    }

    @Step
    func label(_ order: Order, in step: StepContext) async throws -> String {
        try await self.printer.label(order, idempotencyKey: step.idempotencyKey)
    }
}

/// The same step in the core that lies beneath.
struct Beneath: Workflow {
    let payments: PaymentsClient

    func run(_ order: Order, in workflow: WorkflowContext) async throws -> String {
        let charge = try await workflow.step("charge", retry: .exponential(attempts: 5)) { step in
            try await self.payments.charge(order.totalInCents, idempotencyKey: step.idempotencyKey)
        }
        return charge
    }
}

struct Server: Service {
    let engine: DurableEngine

    func run() async throws { try? await gracefulShutdown() }

    func post(_ order: Order) async throws -> Receipt? {
        let handle = try await engine.start(Checkout.self, order, id: "checkout-\(order.id)")
        return try await handle.result(within: .seconds(20))  // nil: it goes on; answer 202
    }
}

func serve(logger: Logger) async throws {
    let engine = try DurableEngine(
        database: PostgresConfiguration("postgresql://shop@db.internal/shop?sslmode=verify-full"),
        workflows: [Checkout(payments: PaymentsClient(), mailer: Mailer(), printer: LabelPrinter())],
        logger: logger
    )
    let server = Server(engine: engine)
    let group = ServiceGroup(
        services: [engine, server],
        gracefulShutdownSignals: [.sigterm],
        logger: logger
    )
    try await group.run()
}

func startElsewhere(_ order: Order) async throws {
    let client = try DurableClient(database: .environment)
    try await client.start(Checkout.self, order, id: "checkout-\(order.id)")
    client.shutdown()
}

func verified() -> EngineOptions {
    var options = EngineOptions()
    options.migrate = .verify
    return options
}

struct ReserveOnOwnPool: Workflow {
    let pool: PostgresPool

    func run(_ order: Order, in workflow: WorkflowContext) async throws -> Nothing {
        try await workflow.transaction("reserve", on: PoolAdapter(self.pool)) { transaction in
            try await transaction.execute("INSERT INTO reservation (order_id) VALUES (\(order.id))")
        }
        return Nothing()
    }
}

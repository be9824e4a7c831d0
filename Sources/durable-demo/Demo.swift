// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// The quickstart's service: `durable-demo ORDER [--stuck-printer] [--large]`.
///
/// The database is that of `DATABASE_URL`, else what the `PG*` variables say.
@main
struct Demo {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let isStuck = arguments.contains("--stuck-printer")
        guard let id = arguments.first(where: { !$0.hasPrefix("-") }) else {
            print("usage: durable-demo ORDER [--stuck-printer] [--large]")
            return
        }
        let quantity = arguments.contains("--large") ? 100 : 1
        let order = Order(id: id, sku: "teapot", quantity: quantity, totalInCents: 4_900 * quantity)
        let database = PostgresConfiguration(ProcessInfo.processInfo.environment["DATABASE_URL"] ?? "")
        var logger = Logger(label: "durable-demo")
        logger.logLevel = .notice

        let pool = PostgresPool(database)
        defer { pool.shutdown() }
        try await Tables.create(in: pool)

        var options = EngineOptions()
        // A name that outlives the process: the next one takes over at once, instead of when the lease ends.
        options.name = "demo"
        let engine = try DurableEngine(
            database: database,
            workflows: [
                Checkout(payments: PaymentService(), mailer: Mailer(), printer: LabelPrinter(isStuck: isStuck))
            ],
            options: options,
            logger: logger
        )
        let shop = Shop(engine: engine, pool: pool, order: order)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: engine),
                    .init(service: shop, successTerminationBehavior: .gracefullyShutdownGroup),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        try await group.run()
    }
}

/// Prints a line with the id of this process.
func say(_ words: String) {
    print("[process \(ProcessInfo.processInfo.processIdentifier)] \(words)")
    // A line that is still in a buffer dies with the process.
    fflush(nil)
}

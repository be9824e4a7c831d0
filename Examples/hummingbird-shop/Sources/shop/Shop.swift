// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation
import Hummingbird
import Logging
import ServiceLifecycle
import UnixSignals

/// A web service whose orders are workflows.
///
/// `DATABASE_URL` or the `PG*` variables say which database, `HOST` and `PORT` where it listens (127.0.0.1:8080), and
/// `RELEASE` which release of its workflow it runs: 1, or 2.
@main
struct Shop {
    static func main() async throws {
        let environment = ProcessInfo.processInfo.environment
        let release = environment["RELEASE"].flatMap { Int($0) } ?? 2
        let database = PostgresConfiguration(environment["DATABASE_URL"] ?? "")
        var logger = Logger(label: "shop")
        logger.logLevel = .notice

        // The service's own pool and tables, beside the engine's connections and schema.
        let pool = PostgresPool(database)
        defer { pool.shutdown() }
        try await Tables.migrate(pool)

        var options = EngineOptions()
        // Below the grace period of kubernetes.yaml, less its pause before SIGTERM.
        options.drain = .seconds(20)
        let engine = try DurableEngine(
            database: database,
            workflows: [release == 1 ? FirstFulfilment() : Fulfilment()],
            options: options,
            logger: logger
        )
        let app = Application(
            router: Endpoints(engine: engine, orders: OrderRepository(pool: pool), release: release).router,
            configuration: ApplicationConfiguration(
                address: .hostname(
                    environment["HOST"] ?? "127.0.0.1",
                    port: environment["PORT"].flatMap { Int($0) } ?? 8080
                )
            ),
            logger: logger
        )
        // Shut down from the last to the first: requests are answered to the end before the engine hands its workflows over.
        let group = ServiceGroup(
            services: [engine, app],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        try await group.run()
    }
}

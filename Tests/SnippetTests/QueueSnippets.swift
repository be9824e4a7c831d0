// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation
import Libpq
import Logging

/// The blocks of the article on queues.
private struct QueueSnippets {
    struct SendNewsletter: Workflow {
        static let name = "send-newsletter"
        func run(_ issue: Int, in workflow: WorkflowContext) async throws -> Nothing { Nothing() }
    }

    struct Mail: Codable, Sendable { var id: Int }

    struct SendMail: Workflow {
        static let name = "send-mail"
        func run(_ mail: Mail, in workflow: WorkflowContext) async throws -> Nothing { Nothing() }
    }

    struct Parcel: Codable, Sendable { var id: Int }

    struct Fulfilment: Workflow {
        static let name = "fulfilment"
        func run(_ order: Parcel, in workflow: WorkflowContext) async throws -> Nothing { Nothing() }
    }

    let engine: DurableEngine
    let pool: PostgresPool
    let logger: Logger

    func one(_ issue: Int) async throws {
        try await engine.enqueue(SendNewsletter.self, issue, id: "newsletter-7")

        var options = EnqueueOptions()
        options.queue = "mail"
        options.priority = 10
        options.delay = .seconds(60)
        try await engine.enqueue(SendNewsletter.self, issue, id: "newsletter-8", options: options)
    }

    func limits() -> EngineOptions {
        var options = EngineOptions()
        options.queues = [WorkflowQueue("mail", concurrency: 20, concurrencyPerProcess: 5)]
        return options
    }

    func many(_ mails: [Mail]) async throws {
        let outcomes = try await engine.enqueueAll(SendMail.self, mails, ids: mails.map { "mail-\($0.id)" })
        for outcome in outcomes {
            if case .refused(let reason) = outcome.result { logger.warning("\(outcome.id): \(reason)") }
        }
    }

    func step(_ order: Parcel, in workflow: WorkflowContext) async throws {
        try await workflow.transaction("order") { transaction in
            try await transaction.execute("INSERT INTO orders (id) VALUES (\(order.id))")
            try await transaction.enqueue(Fulfilment.self, order, id: "fulfilment-\(order.id)")
        }
    }

    func own(_ order: Parcel) async throws {
        try await pool.withTransaction { transaction in
            try await transaction.execute("INSERT INTO orders (id) VALUES (\(order.id))")
            try await engine.enqueue(Fulfilment.self, order, id: "fulfilment-\(order.id)", in: transaction)
        }
    }
}

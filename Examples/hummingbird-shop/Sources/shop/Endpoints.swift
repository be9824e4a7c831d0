// SPDX-License-Identifier: Apache-2.0

import Durable
import Hummingbird

/// What the service answers.
struct Endpoints: Sendable {
    let engine: DurableEngine
    let orders: OrderRepository
    let release: Int

    /// An order as the service tells of it.
    struct Answer: ResponseEncodable {
        let id: String
        let state: String
        var parcel: String?
    }

    var router: Router<BasicRequestContext> {
        let router = Router()
        // Alive is whoever answers. A process that waits for its database must not be killed for it.
        router.get("livez") { _, _ in "alive, release \(self.release)\n" }
        // Ready once the engine is registered and its first recovery sweep is done; not any more when it shuts down.
        router.get("readyz") { _, _ in
            EditedResponse(
                status: self.engine.isReady ? .ok : .serviceUnavailable,
                response: self.engine.isReady ? "ready\n" : "not ready\n"
            )
        }
        router.post("orders") { request, context in
            try await self.place(try await request.decode(as: Order.self, context: context))
        }
        router.get("orders/:id") { _, context in
            try await self.find(try context.parameters.require("id"))
        }
        return router
    }

    /// Starts the order's workflow, and waits for its end for as long as a caller may be kept waiting.
    ///
    /// The same order again finds the same workflow: a caller may repeat its request.
    private func place(_ order: Order) async throws -> EditedResponse<Answer> {
        try await self.orders.insert(order)
        let handle = try await self.start(order)
        guard let parcel = try await handle.result(within: .milliseconds(500)) else {
            return EditedResponse(status: .accepted, response: Answer(id: order.id, state: "under way"))
        }
        return EditedResponse(status: .created, response: Answer(id: order.id, state: "done", parcel: parcel.number))
    }

    private func start(_ order: Order) async throws -> WorkflowHandle<Parcel> {
        let id = "order-\(order.id)"
        if self.release == 1 { return try await self.engine.start(FirstFulfilment.self, order, id: id) }
        return try await self.engine.start(Fulfilment.self, order, id: id)
    }

    private func find(_ id: String) async throws -> Answer {
        guard let state = try await self.orders.state(of: id) else { throw HTTPError(.notFound) }
        return Answer(id: id, state: state)
    }
}

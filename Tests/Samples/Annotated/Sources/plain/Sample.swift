// SPDX-License-Identifier: Apache-2.0

import DurableMacros

/// `sample DATABASE`: starts the workflow, or finds it, and prints its result.
@main
struct Sample {
    static func main() async throws {
        let engine = try DurableEngine(
            database: PostgresConfiguration(CommandLine.arguments[1]),
            workflows: [Checkout(), TwentySteps()]
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await engine.run() }
            try await engine.waitUntilReady()
            let order = Order(id: "7", lines: [1, 2, 3])
            let checkout = try await engine.start(Checkout.self, order, id: "checkout-7")
            print("result: \(try await checkout.result())")
            let twenty = try await engine.start(TwentySteps.self, 1, id: "twenty")
            print("result: \(try await twenty.result())")
            group.cancelAll()
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import CarefulHelpers
import DurableMacros
import PlainHelpers

struct Order: Codable, Sendable {
    let id: String
    let lines: [Int]
}

/// A workflow whose helpers take the context, of its own module and of others, outside and inside of branches.
@Workflow("sample-checkout", strict: true)
struct Checkout {
    func run(_ order: Order, in workflow: WorkflowContext) async throws -> String {
        let charge = try await self.charge(order, in: workflow)
        try await self.note(order, in: workflow)
        let own = try await self.total(order.lines, in: workflow)
        let plain = try await plainTotal(order.lines, in: workflow)
        let careful = try await carefulTotal(order.lines, in: workflow)
        let (left, middle, right) = try await workflow.parallel(
            { branch in try await self.total(order.lines, in: branch) },
            { branch in try await plainTotal(order.lines, in: branch) },
            { branch in try await carefulTotal(order.lines, in: branch) }
        )
        let scoped = try await workflow.scope("check") { scope in
            let first = try await self.charge(order, in: scope)
            return try await plainTotal([first.count], in: scope)
        }
        let first = try await workflow.race({ branch in try await free(order.id, in: branch) })
        return "\(charge) \([own, plain, careful, left, middle, right, scoped]) \(first)"
    }

    /// A helper, not a step: what it does is recorded by the calls that it makes.
    func total(_ lines: [Int], in workflow: WorkflowContext) async throws -> Int {
        let doubled = try await workflow.map(lines) { line, branch in
            try await self.double(line, in: branch)
        }
        return doubled.reduce(0, +)
    }

    @Step(retry: .never)
    func charge(_ order: Order, in step: StepContext) async throws -> String {
        print("effect: charge")
        return "charge-\(order.id)"
    }

    @Step
    func double(_ line: Int, in step: StepContext) async throws -> Int {
        print("effect: double")
        return line * 2
    }

    @Transaction
    func note(_ order: Order, in transaction: Transaction) async throws {
        try await transaction.execute("CREATE TABLE note AS SELECT \(order.id)::text AS order_id")
    }
}

@Step
func free(_ id: String, in step: StepContext) async throws -> String { "free-\(id)" }

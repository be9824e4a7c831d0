// SPDX-License-Identifier: Apache-2.0

import DurableMacros
import DurableTesting
import Foundation
import Testing

/// Bills a customer on the first of each month, for as long as there is a contract: one id for years, and a journal of one month.
@Workflow("monthly-billing")
struct MonthlyBilling {
    struct Contract: Codable, Sendable {
        var customer: String
        var monthsLeft: Int
    }

    let ledger: Ledger

    func run(_ contract: Contract, in workflow: WorkflowContext) async throws -> String {
        guard contract.monthsLeft > 0 else { return "\(contract.customer) has left" }
        try await workflow.sleep(until: .monthly(day: 1, at: 9, in: .gmt))
        try await self.bill(contract, workflow.now, in: workflow)
        let next = Contract(customer: contract.customer, monthsLeft: contract.monthsLeft - 1)
        try await workflow.continueAsNew(MonthlyBilling.self, next)
    }

    @Step
    func bill(_ contract: Contract, _ date: Date, in step: StepContext) async throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        self.ledger.note("\(contract.customer) \(contract.monthsLeft) on day \(calendar.component(.day, from: date))")
    }
}

@Suite struct MonthlyBillingTests {
    @Test func `each month is billed once, on its first day, in a journal that does not grow`() async throws {
        let ledger = Ledger()
        try await withTestEngine([MonthlyBilling(ledger: ledger)], clock: .skipping) { test in
            let contract = MonthlyBilling.Contract(customer: "ada", monthsLeft: 4)
            let before = try await test.clock.now
            try await test.start(MonthlyBilling.self, contract, id: "billing-ada")
            #expect(try await test.result(of: MonthlyBilling.self, "billing-ada") == "ada has left")
            #expect(try await test.clock.now.timeIntervalSince(before) >= 3 * 28 * 86_400)
            #expect(try await test.database.number("SELECT count(*) FROM durable.journal") <= 3)
        }
        #expect(ledger.all == [4, 3, 2, 1].map { "ada \($0) on day 1" })
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableMacros
import DurableTesting
import Foundation
import Testing

extension Signal where Payload == String {
    /// The link in the mail was clicked: from which page.
    static let confirmed = Signal("confirmed")
}

/// Sends an email, waits three days for a click, else reminds; gives up after the third.
@Workflow("onboarding")
struct Onboarding {
    let ledger: Ledger

    func run(_ user: String, in workflow: WorkflowContext) async throws -> Bool {
        for round in 1...3 {
            try await self.mail(user, round, in: workflow)
            if let page = try await workflow.receive(.confirmed, within: .seconds(3 * 86_400)) {
                try await self.welcome(user, page, in: workflow)
                return true
            }
        }
        return false
    }

    @Step
    func mail(_ user: String, _ round: Int, in step: StepContext) async throws { self.ledger.note("mail \(round)") }

    @Step
    func welcome(_ user: String, _ page: String, in step: StepContext) async throws {
        self.ledger.note("welcome from \(page)")
    }
}

@Suite struct OnboardingTests {
    @Test func `who never clicks is reminded twice, three days apart, and left alone`() async throws {
        let ledger = Ledger()
        try await withTestEngine([Onboarding(ledger: ledger)], clock: .skipping) { test in
            let before = try await test.clock.now
            #expect(try await test.run(Onboarding.self, "ada") == false)
            #expect(try await test.clock.now.timeIntervalSince(before) >= 9 * 86_400)
        }
        #expect(ledger.all == ["mail 1", "mail 2", "mail 3"])
    }

    @Test func `who clicks after the first reminder is welcomed`() async throws {
        let ledger = Ledger()
        try await withTestEngine([Onboarding(ledger: ledger)]) { test in
            try await test.start(Onboarding.self, "ada", id: "ada")
            try await test.wait(for: .waiting, of: "ada")
            try await test.clock.advance(by: .seconds(3 * 86_400 + 1))
            try await test.wait(for: .waiting, of: "ada")
            try await test.engine.signal("ada", .confirmed, "settings")
            #expect(try await test.result(of: Onboarding.self, "ada"))
        }
        #expect(ledger.all == ["mail 1", "mail 2", "welcome from settings"])
    }
}

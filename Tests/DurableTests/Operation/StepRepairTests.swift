// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

@Suite struct StepRepairTests {
    @Test func `a running workflow is paused, given a step's result by hand, and resumed`() async throws {
        let reached = Gate()
        let attempts = Counter()
        let program = Plain<String> { _, workflow in
            let charge = try await workflow.step("charge") { _ in
                attempts.next()
                reached.open()
                try await Gate().wait()
                return "by code"
            }
            return charge
        }
        try await withEngine([program]) { engine, database in
            let operations = try await engine.operations
            let handle = try await engine.start(Plain<String>.self, id: "a")
            try await reached.wait()
            try await operations.pause("a", reason: "charged by phone")
            try await database.waitFor(.paused, of: "a")
            let why = try await operations.why("a").sentence
            #expect(why.hasPrefix("It is paused (operator) by "))
            #expect(why.hasSuffix(" UTC: charged by phone. Resume it when it may go on."), "\(why)")
            try await operations.setStepResult("by hand", of: "a", at: 0, name: "charge", reason: "order 4711")
            try await operations.resume("a")
            #expect(try await handle.result() == "by hand")
            #expect(attempts.value == 1)
            #expect(
                try await database.text("SELECT string_agg(action, ' ' ORDER BY id) FROM durable.audit")
                    == "pause set_step_result resume"
            )
        }
    }

    @Test func `a step of a paused workflow is skipped, and the workflow goes on behind it`() async throws {
        let reached = Gate()
        let calls = Counter()
        let program = Plain<Int> { _, workflow in
            try await workflow.step("call") { _ in
                calls.next()
                reached.open()
                try await Gate().wait()
            }
            return try await workflow.step("count") { _ in calls.value }
        }
        try await withEngine([program]) { engine, database in
            let operations = try await engine.operations
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            try await reached.wait()
            try await operations.pause("a", reason: "called by hand")
            try await database.waitFor(.paused, of: "a")
            try await operations.skipStep(of: "a", at: 0, name: "call", reason: "order 4711")
            try await operations.resume("a")
            #expect(try await handle.result() == 1)
            #expect(calls.value == 1)
            let audit = try await database.rows("SELECT concat_ws(' ', action, reason) FROM durable.audit ORDER BY id")
            #expect(audit.first == "pause called by hand")
            #expect(audit.dropFirst().first == "skip_step order 4711")
        }
    }
}

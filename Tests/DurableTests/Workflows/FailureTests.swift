// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Testing

@testable import Durable

@Suite struct FailureTests {
    @Test func `what a step throws live is what it throws on replay, declared or not`() async throws {
        struct Local: Error, Codable, Hashable { var code: Int }
        enum Reason: String, Error { case closed }
        let seen = Recorder<String>()
        let ran = Counter()
        let program = Plain { _, workflow in
            var errors: [String] = []
            do {
                try await workflow.step("declared", retry: .never) { _ in
                    ran.next()
                    throw CardRefused(reason: "expired")
                }
            } catch let error as CardRefused {
                errors.append("CardRefused \(error.reason)")
            }
            do {
                try await workflow.step("local", retry: .never, failures: [Local.self]) { _ in
                    ran.next()
                    throw Local(code: 7)
                }
            } catch let error as Local {
                errors.append("Local \(error.code)")
            }
            do {
                try await workflow.step("undeclared", retry: .never) { _ in
                    ran.next()
                    throw Outage()
                }
            } catch let error as StepFailure {
                errors.append("\(error.type): \(error.message) \(error.attempt ?? 0)")
            }
            do {
                try await workflow.step("coded", retry: .never) { _ in
                    ran.next()
                    throw Reason.closed
                }
            } catch let error as StepFailure {
                errors.append("\(error.code ?? "-")")
            }
            do {
                try await workflow.transaction("transaction") { _ in
                    ran.next()
                    throw CardRefused(reason: "stolen")
                }
            } catch let error as CardRefused {
                errors.append("CardRefused \(error.reason)")
            }
            seen.record(errors.joined(separator: ", "))
            try await workflow.sleep(for: .milliseconds(30))
            return Nothing()
        }
        try await withEngine([program], .replaying) { engine, _ in
            try await engine.start(Plain<Nothing>.self, id: "a").result()
        }
        #expect(ran.value == 5, "nothing ran again")
        #expect(seen.isReplayed)
        #expect(
            seen.all.first
                == "CardRefused expired, Local 7, DurableTests.Outage: the line is dead 1, closed, CardRefused stolen"
        )
    }

    @Test func `a workflow that throws has failed, with the error that its handle throws`() async throws {
        let program = Program<String, Nothing> { input, workflow in
            if input == "declared" { throw CardRefused(reason: "expired") }
            throw Outage()
        }
        try await withEngine([program]) { engine, database in
            let declared = try await engine.start(Program<String, Nothing>.self, "declared", id: "a")
            #expect(await failure { try await declared.result() } as? CardRefused == CardRefused(reason: "expired"))
            let other = try await engine.start(Program<String, Nothing>.self, "other", id: "b")
            let error = try #require(await failure { try await other.result() } as? DurableError)
            #expect(error.code == .workflowFailed)
            #expect(error.message == "the workflow failed: DurableTests.Outage: the line is dead")
            #expect(error.workflow == "b")
            let status = try await other.status()
            #expect(status.state == .failed)
            #expect(status.error?.message == "the line is dead")
            #expect(status.finishedAt != nil)
            #expect(try await database.text("SELECT count(*)::text FROM durable.live") == "0")
        }
    }

    @Test func `a workflow whose time is over fails, also while it is parked`() async throws {
        let cleanedUp = Counter()
        let waiting = Limited { _, workflow in
            do {
                try await workflow.sleep(for: .seconds(3600))
            } catch is WorkflowInterruption {
                throw WorkflowInterruption(.parked)
            } catch {
                cleanedUp.next()
            }
        }
        for options in [EngineOptions.test, .replaying] {
            try await withEngine([waiting], options) { engine, database in
                let handle = try await engine.start(Limited.self, id: "a")
                let error = try #require(await failure { try await handle.result() } as? DurableError)
                #expect(error.code == .workflowFailed)
                #expect(
                    error.message
                        == "the workflow failed: WorkflowTimeout: the workflow did not end in the time that it was given"
                )
                #expect(try await handle.status().state == .failed)
                #expect(try await database.text("SELECT count(*)::text FROM durable.live") == "0")
            }
        }
        #expect(cleanedUp.value == 0, "an interruption is no failure of the sleep")
    }

    @Test func `a step that runs when the time is over is cancelled, and its end changes nothing`() async throws {
        let cancelled = Gate()
        let never = Gate()
        let program = Limited { _, workflow in
            try await workflow.step("slow") { _ in
                do {
                    try await never.wait()
                } catch {
                    cancelled.open()
                    throw error
                }
            }
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Limited.self, id: "a")
            _ = await failure { try await handle.result() }
            try await cancelled.wait()
            #expect(try await database.journal(of: "a").isEmpty)
        }
    }
}

/// A workflow that may take 150 milliseconds.
private struct Limited: Workflow {
    static var name: String { "limited" }
    static var timeout: Duration? { .milliseconds(150) }

    let body: @Sendable (Nothing, WorkflowContext) async throws -> Void

    func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> Nothing {
        try await self.body(input, workflow)
        return Nothing()
    }
}

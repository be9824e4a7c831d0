// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Synchronization
import Testing

@testable import Durable

@Suite struct InputReplayTests {
    /// A step with inputs, then a step that a test can hold: what comes after it was replayed.
    private final class Fixture: Sendable {
        let sku = Mutex("tea")
        let count = Mutex(1)
        let isHeld = Mutex(true)
        let charged = Counter()
        let began = Counter()
        let check: InputCheck
        let isTransaction: Bool

        init(_ check: InputCheck = .checked, isTransaction: Bool = false) {
            self.check = check
            self.isTransaction = isTransaction
        }

        var program: Plain<String> {
            Plain { _, workflow in
                let inputs = StepInputs(self.check, self.sku.withLock { $0 }, self.count.withLock { $0 })
                let charge: String
                if self.isTransaction {
                    charge = try await workflow.transaction("charge", inputs: inputs) { _ in
                        "charge \(self.charged.next())"
                    }
                } else {
                    charge = try await workflow.step("charge", inputs: inputs) { _ in "charge \(self.charged.next())" }
                }
                return try await workflow.step("ship") { _ in
                    self.began.next()
                    if self.isHeld.withLock({ $0 }) { try await Gate().wait() }
                    return "\(charge), shipped"
                }
            }
        }

        /// Runs the workflow in an engine of a build, until it stands in its second step.
        func hold(_ database: TestDatabase, build: String?, logs: Recorder<String> = Recorder()) async throws {
            let before = self.began.value
            try await database.withEngine([self.program], .test.with { $0.build = build }, logs: logs) { engine in
                _ = try await engine.start(Plain<String>.self, id: "a")
                try await eventually("the second step runs") { self.began.value > before }
            }
        }

        /// Runs the workflow to its end in an engine of a build.
        func finish(_ database: TestDatabase, build: String?, logs: Recorder<String> = Recorder()) async throws
            -> String
        {
            self.isHeld.withLock { $0 = false }
            return try await database.withEngine([self.program], .test.with { $0.build = build }, logs: logs) {
                engine in
                try await engine.start(Plain<String>.self, id: "a").result()
            }
        }

        /// Runs an engine of a build until it has paused the workflow.
        func pause(_ database: TestDatabase, build: String?) async throws -> String {
            try await database.withEngine([self.program], .test.with { $0.build = build }) { _ in
                try await database.waitFor(.paused, of: "a")
            }
            return try await database.text(
                "SELECT reason || ': ' || (error ->> 'message') FROM durable.live WHERE workflow_id = 'a'"
            )
        }
    }

    @Test(arguments: [false, true])
    func `inputs that another build changed are reported once, marked, and the workflow goes on`(
        isTransaction: Bool
    ) async throws {
        let fixture = Fixture(isTransaction: isTransaction)
        try await withDatabase { database in
            try await fixture.hold(database, build: "one")
            fixture.count.withLock { $0 = 2 }
            let first = Recorder<String>()
            try await fixture.hold(database, build: "two", logs: first)
            #expect(first.all.filter { $0.contains("step.inputs_changed") }.count == 1)
            #expect(try await database.journal(of: "a") == ["|0|-1|charge", "|0|0|charge"])
            // The old build, rolled back, and the new one again: both inputs are known.
            let second = Recorder<String>()
            try await fixture.hold(database, build: "two", logs: second)
            fixture.count.withLock { $0 = 1 }
            try await fixture.hold(database, build: "one", logs: second)
            fixture.count.withLock { $0 = 2 }
            #expect(try await fixture.finish(database, build: "two", logs: second) == "charge 1, shipped")
            #expect(!second.all.contains { $0.contains("step.inputs_changed") })
            #expect(fixture.charged.value == 1)
            #expect(try await database.journal(of: "a") == ["|0|-1|charge", "|0|0|charge", "|1|0|ship"])
        }
    }

    @Test(arguments: [false, true])
    func `inputs that differ within one build pause the workflow before anything runs`(
        isTransaction: Bool
    ) async throws {
        let fixture = Fixture(isTransaction: isTransaction)
        try await withDatabase { database in
            try await fixture.hold(database, build: nil)
            fixture.sku.withLock { $0 = "milk" }
            let began = fixture.began.value
            let words = try await fixture.pause(database, build: nil)
            #expect(
                words.hasPrefix(
                    """
                    diverged: the code calls \(isTransaction ? "transaction" : "step") "charge" at position 0 with other inputs \
                    than those it was recorded with, by the same build
                    """
                ),
                "\(words)"
            )
            #expect(fixture.began.value == began)
            #expect(try await database.journal(of: "a") == ["|0|0|charge"])
        }
    }

    @Test func `a strict step pauses whichever build recorded it`() async throws {
        let fixture = Fixture(.strict)
        try await withDatabase { database in
            try await fixture.hold(database, build: "one")
            fixture.sku.withLock { $0 = "milk" }
            let words = try await fixture.pause(database, build: "two")
            #expect(words.contains("the step is strict about its inputs"), "\(words)")
        }
    }

    @Test func `ignored inputs may be any`() async throws {
        let fixture = Fixture(.ignored)
        try await withDatabase { database in
            try await fixture.hold(database, build: nil)
            fixture.sku.withLock { $0 = "milk" }
            #expect(try await fixture.finish(database, build: nil) == "charge 1, shipped")
            #expect(try await database.text("SELECT count(fingerprint)::text FROM durable.journal") == "0")
        }
    }

    @Test func `the engine says which build it is, without being told`() async throws {
        try await withEngine([Fixture().program]) { _, database in
            let build = try await database.text("SELECT build FROM durable.executor")
            #expect(build.hasPrefix("program-") && build.count == 24, "\(build)")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Testing

@testable import Durable

@Suite struct DivergenceTests {
    private typealias Code = @Sendable (Nothing, WorkflowContext) async throws -> Nothing

    /// Runs the first code until it sleeps for long, deploys the second one over it, and tells where the workflow stands then.
    ///
    /// - Returns: The words of the pause, and the rows of the journal before and after.
    private func deploy(
        _ old: @escaping Code,
        _ new: @escaping Code,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        try await withDatabase { database in
            try await database.withEngine([Plain(old)], .replaying) { engine in
                _ = try await engine.start(Plain<Nothing>.self, id: "a")
                try await database.waitFor(.waiting, of: "a", sourceLocation: sourceLocation)
            }
            let before = try await database.journal(of: "a")
            try await database.execute("UPDATE durable.live SET run_at = '2001-01-01'")
            let logs = Recorder<String>()
            try await database.withEngine([Plain(new)], .replaying, logs: logs) { engine in
                try await database.waitFor(.paused, of: "a", sourceLocation: sourceLocation)
                let status = try await engine.handle(Plain<Nothing>.self, id: "a").status()
                #expect(status.reason == .diverged, sourceLocation: sourceLocation)
                #expect(status.error?.code == "diverged", sourceLocation: sourceLocation)
            }
            #expect(
                try await database.journal(of: "a") == before,
                "nothing was recorded",
                sourceLocation: sourceLocation
            )
            #expect(
                logs.all.contains { $0.hasPrefix("error: workflow.paused") },
                "a person is told",
                sourceLocation: sourceLocation
            )
            #expect(
                try await database.text("SELECT concat_ws(' ', run_at, executor) FROM durable.live") == "infinity",
                "nobody takes it again by itself",
                sourceLocation: sourceLocation
            )
            return try await database.text("SELECT error->>'message' FROM durable.live")
        }
    }

    /// Steps of these names, then a long sleep.
    private static func steps(_ names: [String], _ effects: Counter = Counter()) -> Code {
        { _, workflow in
            for name in names { try await workflow.step(name) { _ in _ = effects.next() } }
            try await workflow.sleep(for: .seconds(3600))
            return Nothing()
        }
    }

    @Test func `a renamed step pauses the workflow before any effect`() async throws {
        let effects = Counter()
        let words = try await self.deploy(Self.steps(["reserve", "charge"]), Self.steps(["reserve", "pay"], effects))
        #expect(
            words == """
                the code calls step "pay" at position 1, where the history has step "charge": the workflow's code was changed \
                in a way that this workflow cannot follow. Run it with the code that recorded it, or guard the change with \
                `patched`, then resume it [workflow a]
                """
        )
        #expect(effects.value == 0)
    }

    @Test func `a removed step pauses the workflow`() async throws {
        let words = try await self.deploy(Self.steps(["reserve", "charge"]), Self.steps(["reserve"]))
        #expect(words.hasPrefix("the code calls sleep \"sleep\" at position 1, where the history has step \"charge\""))
    }

    @Test func `an added step pauses the workflow before it runs`() async throws {
        let effects = Counter()
        let words = try await self.deploy(Self.steps(["reserve"]), Self.steps(["check", "reserve"], effects))
        #expect(words.hasPrefix("the code calls step \"check\" at position 0, where the history has step \"reserve\""))
        #expect(effects.value == 0)
    }

    @Test func `code that ends before its history pauses the workflow instead of ending it`() async throws {
        let words = try await self.deploy(Self.steps(["reserve", "charge"])) { _, workflow in
            try await workflow.step("reserve") { _ in }
            return Nothing()
        }
        #expect(words.hasPrefix("the code ended without calling step \"charge\", which the history has at position 1:"))
    }

    @Test func `a step that became a transaction pauses the workflow, and its rows are not written`() async throws {
        let entered = Counter()
        let words = try await self.deploy(Self.steps(["charge"])) { _, workflow in
            try await workflow.transaction("charge") { _ in _ = entered.next() }
            return Nothing()
        }
        #expect(
            words.hasPrefix(
                "the code calls transaction \"charge\" at position 0, where the history has step \"charge\""
            )
        )
        #expect(entered.value == 0)
    }

    @Test func `a group that lost a branch pauses the workflow`() async throws {
        func code(_ elements: [Int]) -> Code {
            { _, workflow in
                _ = try await workflow.map(elements) { element, branch in try await branch.step("work") { _ in element }
                }
                try await workflow.sleep(for: .seconds(3600))
                return Nothing()
            }
        }
        let words = try await self.deploy(code([1, 2, 3]), code([1, 2]))
        #expect(
            words.contains(
                "the code ended without calling step \"work\", which the history has at position 0 of map@0[2]"
            )
        )
    }

    @Test func `where one branch diverges no other branch has begun anything new`() async throws {
        let effects = Counter()
        func code(_ name: String, _ effects: Counter) -> Code {
            { _, workflow in
                _ = try await workflow.parallel(
                    { branch in
                        // Recorded up to here; what follows is new.
                        try await branch.sleep(for: .seconds(3600))
                    },
                    { branch in
                        for index in 0..<20 { try await branch.step("s\(index)") { _ in } }
                        try await branch.step(name) { _ in }
                        try await branch.sleep(for: .seconds(3600))
                    }
                )
                return Nothing()
            }
        }
        let words = try await self.deploy(code("old", Counter())) { _, workflow in
            _ = try await workflow.parallel(
                { branch in
                    try await branch.scope("new") { try await $0.step("effect") { _ in _ = effects.next() } }
                },
                { branch in
                    for index in 0..<20 { try await branch.step("s\(index)") { _ in } }
                    try await branch.step("new") { _ in _ = effects.next() }
                }
            )
            return Nothing()
        }
        #expect(words.contains("where the history has step \"old\"") || words.contains("where the history has sleep"))
        #expect(effects.value == 0)
    }

    @Test func `a step in place of a group that had not ended pauses the workflow before it runs`() async throws {
        let effects = Counter()
        let words = try await self.deploy(
            { _, workflow in
                _ = try await workflow.map([1, 2]) { element, branch in
                    try await branch.step("work") { _ in element }
                    try await branch.sleep(for: .seconds(3600))
                }
                return Nothing()
            },
            Self.steps(["check"], effects)
        )
        #expect(words.hasPrefix("the code calls step \"check\" at position 0, where the history has join \"map\""))
        #expect(effects.value == 0)
    }

    @Test func `code that ends before a scope of its history pauses the workflow`() async throws {
        let words = try await self.deploy(
            { _, workflow in
                try await workflow.scope("audit") { scope in
                    try await scope.step("work") { _ in }
                    try await scope.sleep(for: .seconds(3600))
                }
                return Nothing()
            },
            { _, _ in Nothing() }
        )
        #expect(words.hasPrefix("the code ended without calling scope \"audit\", which the history has at position 0:"))
    }

    @Test func `a scope whose name changed pauses the workflow`() async throws {
        func code(_ scope: String) -> Code {
            { _, workflow in
                try await workflow.scope(scope) { try await $0.step("work") { _ in } }
                try await workflow.sleep(for: .seconds(3600))
                return Nothing()
            }
        }
        let words = try await self.deploy(code("audit"), code("check"))
        #expect(words.hasPrefix("the code calls scope \"check\" at position 0, where the history has scope \"audit\""))
    }

    @Test func `a diverged workflow goes on with the code that recorded it once it is resumed`() async throws {
        try await withDatabase { database in
            let old = Plain(Self.steps(["reserve"]))
            try await database.withEngine([old], .replaying) { engine in
                _ = try await engine.start(Plain<Nothing>.self, id: "a")
                try await database.waitFor(.waiting, of: "a")
            }
            try await database.execute("UPDATE durable.live SET run_at = '2001-01-01'")
            try await database.withEngine([Plain(Self.steps(["other"]))]) { _ in
                try await database.waitFor(.paused, of: "a")
            }
            try await database.execute(
                "UPDATE durable.live SET state = 'queued', run_at = '2001-01-01', reason = NULL, error = NULL"
            )
            try await database.execute("UPDATE durable.journal SET due = '2001-01-01' WHERE kind = 3")
            try await database.withEngine([old]) { engine in
                try await engine.handle(Plain<Nothing>.self, id: "a").result()
            }
        }
    }
}

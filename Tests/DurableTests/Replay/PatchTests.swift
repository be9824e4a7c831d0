// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Testing

@testable import Durable

@Suite struct PatchTests {
    private typealias Code = @Sendable (Nothing, WorkflowContext) async throws -> String

    /// Runs the first code up to its long sleep, ends that sleep, and lets the second code finish the workflow.
    private func upgrade(_ old: @escaping Code, to new: @escaping Code) async throws -> (
        result: String, journal: [String]
    ) {
        try await withDatabase { database in
            try await database.withEngine([Plain(old)], .replaying) { engine in
                _ = try await engine.start(Plain<String>.self, id: "a")
                try await database.waitFor(.waiting, of: "a")
            }
            try await database.execute("UPDATE durable.journal SET due = '2001-01-01' WHERE kind = 3")
            try await database.execute("UPDATE durable.live SET run_at = '2001-01-01'")
            let result = try await database.withEngine([Plain(new)]) { engine in
                try await engine.handle(Plain<String>.self, id: "a").result()
            }
            return (result, try await database.journal(of: "a"))
        }
    }

    private static let old: Code = { _, workflow in
        try await workflow.step("one") { _ in }
        try await workflow.sleep(for: .seconds(3600))
        try await workflow.step("two") { _ in }
        return "old"
    }

    @Test func `a history from before the change is followed as it is`() async throws {
        let (result, journal) = try await self.upgrade(Self.old) { _, workflow in
            var words = "start"
            if try await workflow.patched("check") {
                try await workflow.step("check") { _ in }
                words += " checked"
            }
            try await workflow.step("one") { _ in }
            try await workflow.sleep(for: .seconds(3600))
            try await workflow.step("two") { _ in }
            return words
        }
        #expect(result == "start")
        #expect(journal == ["|0|0|one", "|1|0|sleep", "|1|1|sleep", "|2|0|two"])
    }

    @Test func `what has not come to the change yet takes the new way`() async throws {
        let (result, journal) = try await self.upgrade(Self.old) { _, workflow in
            try await workflow.step("one") { _ in }
            try await workflow.sleep(for: .seconds(3600))
            if try await workflow.patched("check") { try await workflow.step("check") { _ in } }
            try await workflow.step("two") { _ in }
            return "new"
        }
        #expect(result == "new")
        #expect(journal == ["|0|0|one", "|1|0|sleep", "|1|1|sleep", "|2|0|check", "|3|0|check", "|4|0|two"])
    }

    @Test func `the way that was taken is taken on every replay`() async throws {
        let seen = Recorder<Bool>()
        let program = Plain { _, workflow in
            let isNew = try await workflow.patched("check")
            seen.record(isNew)
            try await workflow.sleep(for: .milliseconds(30))
            return isNew
        }
        try await withEngine([program], .replaying) { engine, _ in
            let isNew = try await engine.start(Plain<Bool>.self, id: "a").result()
            #expect(isNew)
        }
        #expect(seen.isReplayed)
        #expect(seen.all.first == true)
    }

    @Test func `a group that had begun before the change is followed, and none of its steps runs again`() async throws {
        let runs = Counter()
        @Sendable func group(_ workflow: WorkflowContext) async throws {
            _ = try await workflow.map([1, 2]) { element, branch in
                try await branch.step("work") { _ in _ = runs.next() }
                try await branch.sleep(for: .seconds(3600))
            }
        }
        let (result, journal) = try await self.upgrade(
            { _, workflow in
                try await group(workflow)
                return "old"
            },
            to: { _, workflow in
                let isNew = try await workflow.patched("check")
                try await group(workflow)
                return "\(isNew)"
            }
        )
        #expect(result == "false")
        #expect(runs.value == 2)
        #expect(!journal.contains { $0.hasSuffix("|check") })
    }
}

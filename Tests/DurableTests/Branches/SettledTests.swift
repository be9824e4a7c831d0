// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Testing

@testable import Durable

@Suite struct SettledTests {
    /// Results as short texts: a value, an error's words, or a dash for a branch that had not ended.
    private static func words<Value>(_ results: [Result<Value, any Error>?]) -> [String] {
        results.map { result in
            switch result {
            case nil: "-"
            case .success(let value): "\(value)"
            case .failure(let error as CardRefused): "CardRefused \(error.reason)"
            case .failure(let error): "\(error)"
            }
        }
    }

    /// Runs a settled map over branches that succeed (true), fail (false) or never end (nil), one after the other as they
    /// stand; returns what it gave live, what it gave after a replay, and how many branches were entered in all.
    private func settle(
        _ ends: [Bool?],
        _ completion: CompletionPolicy
    ) async throws -> (live: [String], replayed: [String], entered: Int) {
        let seen = Recorder<[String]>()
        let entered = Counter()
        let turns = ends.map { _ in Gate() }
        let program = Plain { _, workflow in
            do {
                let results = try await workflow.mapSettled(Array(ends.enumerated()), completion: completion) {
                    end,
                    branch in
                    entered.next()
                    let (index, succeeds) = end
                    guard let succeeds else {
                        try await branch.sleep(for: .seconds(3600))
                        return -1
                    }
                    defer { turns[index].open() }
                    return try await branch.step("work", retry: .never) { _ in
                        // In the order in which they stand, so that it is known who decides.
                        if let before = (0..<index).last(where: { ends[$0] != nil }) { try await turns[before].wait() }
                        if !succeeds { throw index % 2 == 0 ? CardRefused(reason: "\(index)") : Outage() }
                        return index
                    }
                }
                seen.record(Self.words(results))
            } catch let error as CardRefused {
                seen.record(["threw CardRefused \(error.reason)"])
            } catch let error as StepFailure {
                seen.record(["threw \(error)"])
            }
            try await workflow.sleep(for: .milliseconds(30))
            return Nothing()
        }
        try await withEngine([program], .replaying) { engine, _ in
            try await engine.start(Plain<Nothing>.self, id: "a").result()
        }
        try #require(seen.all.count >= 2)
        return (seen.all[0], seen.all[1], entered.value)
    }

    @Test func `every branch ends, and each has its result, the same after a replay`() async throws {
        let (live, replayed, entered) = try await self.settle([true, false, false, true], .all)
        #expect(live == ["0", "DurableTests.Outage: the line is dead", "CardRefused 2", "3"])
        #expect(replayed == live)
        #expect(entered >= 8, "a complete group is walked through again, its steps are not run")
    }

    @Test(.notReplayed("it counts how often branches are entered"))
    func `enough successes end the group; what had not ended has no result, and is not entered again`()
        async throws
    {
        let (live, replayed, entered) = try await self.settle([true, false, nil, true, nil], .successes(2))
        #expect(live[0] == "0")
        #expect(live[2...] == ["-", "3", "-"])
        #expect(replayed == live)
        #expect(entered == 5)
    }

    @Test(.notReplayed("it counts how often branches are entered"))
    func `one failure more than is tolerated fails the group with it`() async throws {
        let (live, replayed, entered) = try await self.settle([false, true, false, nil], .tolerating(failures: 1))
        // Both have failed; which of them was one too many is a matter of which end was seen last.
        #expect(live == ["threw CardRefused 2"] || live == ["threw CardRefused 0"])
        #expect(replayed == live)
        #expect(entered == 4)
    }

    @Test func `failures that are tolerated are results`() async throws {
        let (live, replayed, _) = try await self.settle([false, true, false], .tolerating(failures: 2))
        #expect(live == ["CardRefused 0", "1", "CardRefused 2"])
        #expect(replayed == live)
    }

    @Test func `a share of failures is tolerated, and not more`() async throws {
        let (tolerated, _, _) = try await self.settle([false, true, true, true], .tolerating(percentage: 25))
        #expect(tolerated == ["CardRefused 0", "1", "2", "3"])
        let (broken, replayed, _) = try await self.settle([false, false, true, nil], .tolerating(percentage: 25))
        #expect(broken == ["threw DurableTests.Outage: the line is dead"] || broken == ["threw CardRefused 0"])
        #expect(replayed == broken)
    }

    @Test func `parallel branches settle with results of their own types`() async throws {
        let seen = Recorder<String>()
        let program = Plain { _, workflow in
            let (number, text, failed) = try await workflow.parallelSettled(
                { branch in try await branch.step("number") { _ in 1 } },
                { branch in try await branch.step("text") { _ in "x" } },
                { branch in
                    try await branch.step("fails", retry: .never) { _ -> Int in throw CardRefused(reason: "expired") }
                }
            )
            var line = "\(try number.get()) \(try text.get())"
            if case .failure(let error as CardRefused) = failed { line += " \(error.reason)" }
            seen.record(line)
            try await workflow.sleep(for: .milliseconds(30))
            return Nothing()
        }
        try await withEngine([program], .replaying) { engine, _ in
            try await engine.start(Plain<Nothing>.self, id: "a").result()
        }
        #expect(seen.isReplayed)
        #expect(seen.all.first == "1 x expired")
    }

    @Test func `a policy that makes no sense is refused before any branch runs`() async throws {
        let entered = Counter()
        let program = Plain { _, workflow in
            let results = try await workflow.mapSettled([1], completion: .successes(0)) { element, _ in
                entered.next()
                return element
            }
            return results.count
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            let error = try #require(await failure { try await handle.result() } as? DurableError)
            #expect(error.message.contains("a completion policy needs at least one success; it asks for 0"))
            #expect(try await database.journal(of: "a").isEmpty)
        }
        #expect(entered.value == 0)
    }
}

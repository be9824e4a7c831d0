// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Libpq
import Testing

@testable import Durable

@Suite struct ManyBranchesTests {
    /// What this process holds in memory now, in bytes.
    private static func residentBytes() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(getpagesize())
    }

    #if os(Linux)
        /// In a process of its own: others that run beside it would be counted too.
        @Test func `a thousand branches of large results need the memory of those that run at a time`() async {
            await #expect(processExitsWith: .success) {
                // 8 MiB each where there is time for it: 8 GiB take the server minutes on a small machine.
                let isFull = ProcessInfo.processInfo.environment["DURABLE_TEST_LARGE"] != nil
                let size = (isFull ? 8 << 20 : 256 << 10) - 2
                let value = String(repeating: "x", count: size)
                let before = ManyBranchesTests.residentBytes()
                let most = Recorder<Int>()
                let program = Plain { _, workflow in
                    let counts = try await workflow.map(Array(0..<1_000)) { element, branch in
                        let text = try await branch.step("large") { _ in value + "" }
                        if element % 50 == 0 { most.record(ManyBranchesTests.residentBytes()) }
                        return text.utf8.count
                    }
                    return counts.reduce(0, +)
                }
                try await withDatabase(limit: .seconds(isFull ? 900 : 300)) { database in
                    let options = EngineOptions.test.withoutReplaying(
                        because: "a thousand replays of a thousand branches"
                    )
                    let sum = try await database.withEngine([program], options) { engine in
                        try await engine.start(Plain<Int>.self, id: "a").result()
                    }
                    #expect(sum == 1_000 * size)
                    let count = try await database.text(
                        "SELECT count(*)::text FROM durable.journal WHERE name = 'large'"
                    )
                    #expect(count == "1000")
                }
                // All of them would be 8 GiB, or 250 MiB, and as much again as JSON.
                #expect(most.all.count == 20)
                #expect((most.all.max() ?? 0) - before < (isFull ? 2_048 : 160) << 20)
            }
        }
    #endif

    @Test(.notReplayed("its branches count on staying in memory"))
    func `branches wait for room while the database takes nothing`() async throws {
        let value = String(repeating: "x", count: 64 << 10)
        let (locked, bodies) = (Gate(), Counter())
        let program = Plain { _, workflow in
            try await workflow.step("first") { _ in try await locked.wait() }
            let counts = try await workflow.map(Array(0..<1_500)) { _, branch in
                let text = try await branch.step("large", retry: .never) { _ in value }
                bodies.next()
                return text.utf8.count
            }
            return counts.reduce(0, +)
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            // Branches whose first effect would wait for the record of `first` do not begin: it is written before the lock.
            locked.open()
            try await eventually("the first branches have run") { bodies.value > 0 }
            let locker = try await PostgresConnection.connect(database.configuration)
            defer { locker.close() }
            try await locker.execute("BEGIN")
            try await locker.execute("LOCK TABLE durable.journal IN SHARE MODE")
            var before = -1
            while before < bodies.value {
                before = bodies.value
                for _ in 0..<2 { try await database.waitForRefusal(of: "durable.journal") }
            }
            #expect(before < 1_500, "the others wait for room")
            // 32 MiB wait, one more row for each of the 64 branches that run, and what was written before the lock.
            let written = try await database.text("SELECT count(*)::text FROM durable.journal")
            #expect(before - (Int(written) ?? 0) <= 512 + 64 + 64, "\(before) have run, \(written) are written")
            try await locker.execute("ROLLBACK")
            #expect(try await handle.result() == 1_500 * value.utf8.count)
        }
    }

    @Test(.notReplayed("a thousand replays of a thousand branches"))
    func `a thousand branches come back in order`() async throws {
        let program = Plain { _, workflow in
            try await workflow.map(Array(0..<1_000)) { element, branch in
                try await branch.step("work") { _ in element }
            }
        }
        try await withEngine([program]) { engine, database in
            let values = try await engine.start(Plain<[Int]>.self, id: "a").result()
            #expect(values == Array(0..<1_000))
            #expect(try await database.text("SELECT count(*)::text FROM durable.journal") == "1001")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Testing

@testable import Durable

/// The nightly batch: a child per row, and what that costs the parent.
@Suite struct ManyChildrenTests {
    @Test(.timeLimit(.minutes(15)), .notReplayed("fifty thousand children"))
    func `50,000 children cost their parent a few rows and one wake-up, and take their turns`() async throws {
        let count = 50_000
        let runs = Counter()
        let parent = Plain<[Int]> { _, workflow in
            runs.next()
            let results = try await workflow.children(
                Resize.self,
                Array(0..<count),
                maxConcurrent: 2_000,
                tolerate: .count(10)
            )
            let values = results.map { if case .success(let value) = $0 { value } else { -1 } }
            return [values.count, values.reduce(0, +), values.count { $0 < 0 }]
        }
        let child = Resize { number, workflow in
            if number == 25_000 { throw TooLarge(size: number) }
            return number
        }
        try await withDatabase(limit: .seconds(800)) { database in
            try await database.withEngine([parent, child], .replaying) { engine in
                let handle = try await engine.start(Plain<[Int]>.self, id: "night")
                let sum = count * (count - 1) / 2 - 25_000 - 1
                #expect(try await handle.result() == [count, sum, 1])
            }
            #expect(runs.value == 2, "one wake-up")
            let rows = try await database.journal(of: "night")
            #expect(rows.count <= 8, "\(rows)")
            for table in ["live", "child_group", "ended_child", "inbox", "cancellation"] {
                #expect(try await database.text("SELECT count(*)::text FROM durable.\(table)") == "0", "\(table)")
            }
        }
    }
}

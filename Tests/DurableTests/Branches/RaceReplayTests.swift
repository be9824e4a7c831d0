// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Testing

@testable import Durable

/// A race that was won, and whose end was lost in a crash.
@Suite struct RaceReplayTests {
    @Test(.notReplayed("it counts the runs"))
    func `what a loser had recorded and is not come to again is no divergence`()
        async throws
    {
        let runs = Counter()
        let deep = Counter()
        let program = Plain { _, workflow in
            let run = runs.next()
            let winner = try await workflow.race(
                { branch in
                    try await branch.step("fast") { _ in
                        while deep.value == 0 { try await Task.sleep(for: .milliseconds(1)) }
                        return "fast"
                    }
                },
                { branch in
                    // The second time it is given up before it comes to anything.
                    while run > 1, !Task.isCancelled { await Task.yield() }
                    return try await branch.parallel { inner in
                        try await inner.step("deep") { _ in }
                        // By now that is durable.
                        try await inner.step("deeper") { _ in _ = deep.next() }
                        return try await inner.receive(String.self, "never")
                    }
                }
            )
            return winner + (try await workflow.receive(String.self, "go"))
        }
        try await withEngine([program]) { engine, database in
            let handle = try await engine.start(Plain<String>.self, id: "a")
            try await database.waitFor(.waiting, of: "a")
            #expect(try await database.text("SELECT count(*)::text FROM durable.journal WHERE name = 'deep'") == "1")
            try await database.execute("DELETE FROM durable.journal WHERE kind = 4")
            try await engine.signal("a", "go", "!")
            let result = try await handle.result(within: .seconds(60))
            #expect(result == "fast!")
            #expect(try await database.text("SELECT count(*)::text FROM durable.journal WHERE kind = 4") == "1")
        }
    }
}

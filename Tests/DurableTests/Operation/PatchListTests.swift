// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

/// What `durable.patches` says of real workflows, from before a patch to after the last of them.
@Suite struct PatchListTests {
    private static func list(_ database: TestDatabase) async throws -> [String] {
        try await database.rows(
            """
            SELECT concat_ws('|', name, version, patch, with_it, without_it, coalesce(example, '-'), verdict)
            FROM durable.patches ORDER BY patch
            """
        )
    }

    @Test
    func `a patch is in use while anything is pending that follows its old or its new way, and then safe to remove`()
        async throws
    {
        let sleep = Duration.seconds(86_400)
        let old = Plain<Int> { _, workflow in
            try await workflow.step("one") { _ in }
            try await workflow.sleep(for: sleep)
            return 1
        }
        let new = Plain<Int> { _, workflow in
            let isNew = try await workflow.patched("check")
            try await workflow.step("one") { _ in }
            try await workflow.sleep(for: sleep)
            return isNew ? 2 : 1
        }
        try await withDatabase { database in
            try await database.withEngine([old], .replaying) { engine in
                _ = try await engine.start(Plain<Int>.self, id: "old")
                try await database.waitFor(.waiting, of: "old")
            }
            #expect(try await Self.list(database) == [])
            try await database.withEngine([new], .replaying) { engine in
                _ = try await engine.start(Plain<Int>.self, id: "new")
                try await database.waitFor(.waiting, of: "new")
                // What no process has begun follows any code.
                try await database.execute("SELECT durable.enqueue('program', id => 'later', delay => '1 day')")
                #expect(try await Self.list(database) == ["program|1|check|1|1|new|in use"])
                try await database.execute("SELECT durable.kill('new', 'the test')")
                try await eventually("it has ended") {
                    try await Self.list(database) == ["program|1|check|0|1|old|in use"]
                }
                try await database.execute("SELECT durable.kill('old', 'the test')")
                try await eventually("both have") {
                    try await Self.list(database) == ["program|1|check|0|0|-|safe to remove"]
                }
            }
        }
    }
}

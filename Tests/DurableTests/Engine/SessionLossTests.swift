// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

@Suite struct SessionLossTests {
    @Test func `sessions that are terminated in the middle delay workflows and lose nothing`() async throws {
        let finished = Counter()
        let program = Program<Int, Int> { input, workflow in
            var sum = 0
            for index in 0..<4 {
                sum += try await workflow.step("s\(index)") { _ in index }
                try await workflow.transaction("t\(index)") { transaction in
                    try await transaction.execute("INSERT INTO effect VALUES (\(input), \(index))")
                }
            }
            return sum
        }
        try await withDatabase { database in
            try await database.execute("CREATE TABLE effect (workflow bigint, step bigint)")
            try await database.withEngine([program]) { engine in
                let session = try await PostgresConnection.connect(database.configuration)
                defer { session.close() }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for input in 0..<30 {
                        group.addTask {
                            let handle = try await engine.start(Program<Int, Int>.self, input, id: "w-\(input)")
                            #expect(try await handle.result() == 6)
                            finished.next()
                        }
                    }
                    group.addTask {
                        // Every session of the engine, again and again, until all is done.
                        for _ in 0..<40 where finished.value < 30 {
                            try await session.execute(
                                """
                                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                                WHERE datname = current_database() AND pid <> pg_backend_pid()
                                """
                            )
                            try await Task.sleep(for: .milliseconds(25))
                        }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(try await database.text("SELECT count(*)::text FROM effect") == "120")
            #expect(try await database.text("SELECT count(DISTINCT (workflow, step))::text FROM effect") == "120")
            #expect(try await database.text("SELECT count(*)::text FROM durable.journal WHERE phase = 0") == "240")
            #expect(try await database.text("SELECT count(*)::text FROM durable.live") == "0")
        }
    }
}

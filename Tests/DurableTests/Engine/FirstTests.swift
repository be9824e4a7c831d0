// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Libpq
import Logging
import Testing

struct Greeting: Workflow {
    func run(_ name: String, in workflow: WorkflowContext) async throws -> String {
        let first = try await workflow.step("first") { step in "hello" }
        let count = try await workflow.transaction("count") { transaction in
            try await transaction.execute("CREATE TABLE IF NOT EXISTS effect (id int)")
            try await transaction.execute("INSERT INTO effect VALUES (1)")
            return 1
        }
        try await workflow.sleep(for: .milliseconds(20))
        let (left, right) = try await workflow.parallel(
            { branch in try await branch.step("left") { _ in 1 } },
            { branch in try await branch.step("right") { _ in "x" } }
        )
        return "\(first) \(name) \(count) \(left) \(right)"
    }
}

@Test func `a workflow runs to its end`() async throws {
    try await withTestDatabase { database in
        let engine = try DurableEngine(database: database.configuration, workflows: [Greeting()])
        let running = Task { try await engine.run() }
        let handle = try await {
            try await engine.waitUntilReady(); return try await engine.start(Greeting.self, "world", id: "a")
        }()
        #expect(handle.isNew)
        #expect(try await handle.result(within: .seconds(10)) == "hello world 1 1 x")
        running.cancel()
        try await running.value
        let connection = try await PostgresConnection.connect(database.configuration)
        let rows = try await connection.query(
            "SELECT scope, position, phase, name FROM durable.journal ORDER BY scope, position, phase"
        )
        for row in rows { print(try row.decode((String, Int32, Int16, String).self)) }
    }
}

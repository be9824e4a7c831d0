// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import TestSupport
import Testing

/// A workflow in two shapes: what a deploy makes of code that ran before.
private struct Before: Workflow {
    static let name = "invoice"

    func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> String {
        try await workflow.step("draw") { step in "drawn" }
        try await workflow.sleep(for: .milliseconds(1500))
        return try await workflow.step("send") { step in "sent" }
    }
}

private struct After: Workflow {
    static let name = "invoice"

    func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> String {
        try await workflow.step("check") { step in "an effect that must not happen" }
    }
}

@Suite struct OperatingTests {
    @Test func `every statement of the operating article runs`() async throws {
        let blocks = try Document("\(Document.catalog)/Operating.md").blocks("sql")
        #expect(blocks.count >= 5)
        try await withTestDatabase { database in
            let connection = try await PostgresConnection.connect(database.configuration)
            for block in blocks {
                let text = block.filter { !$0.hasPrefix("--") }.joined(separator: "\n")
                for statement in text.split(separator: ";") where !statement.allSatisfy(\.isWhitespace) {
                    do {
                        _ = try await connection.query(Query("\(unescaped: String(statement))"))
                    } catch let error as PostgresError where error.sqlState == "DU010" {
                        // Its workflow is not there: the function is, and takes these arguments.
                    }
                }
            }
        }
    }

    @Test func `a workflow that diverged is resumed by the statement of the operating article`() async throws {
        let resume = try #require(
            Document("\(Document.catalog)/Operating.md").blocks("sql")
                .first { $0[0].hasPrefix("SELECT durable.resume") }
        ).joined(separator: "\n").replacing("checkout-1001", with: "invoice-1").replacing(";", with: "")
        try await withTestDatabase { database in
            var options = EngineOptions()
            options.hold = .zero
            options.poll = .milliseconds(50)
            try await database.withEngine([Before()], options) { engine in
                let handle = try await engine.start(Before.self, id: "invoice-1")
                try await eventually("parked") { try await handle.status().state == .waiting }
            }
            try await database.withEngine([After()], options) { engine in
                let handle = try await engine.handle(After.self, id: "invoice-1")
                try await eventually("paused") { try await handle.status().state == .paused }
                let status = try await handle.status()
                #expect(status.reason == .diverged)
                #expect(status.error?.message.contains("draw") == true)
            }
            let connection = try await PostgresConnection.connect(database.configuration)
            #expect(try await connection.execute(Query("\(unescaped: resume)")) == 1)
            try await database.withEngine([Before()], options) { engine in
                let result = try await engine.handle(Before.self, id: "invoice-1").result()
                #expect(result == "sent")
            }
        }
    }
}

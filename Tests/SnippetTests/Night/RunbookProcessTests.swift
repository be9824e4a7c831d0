// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Foundation
import Synchronization
import TemporaryPostgres
import TestSupport
import Testing

/// The situations of the runbook that are about inputs, processes, the database and its tables.
@Suite struct RunbookProcessTests {
    @Test func `7 wrong input: what was done is undone, and it starts as it should have been`() async throws {
        let undone = Mutex<[Int]>([])
        let program = NightCheckout { input, workflow in
            try await workflow.step("reserve") { _ in
                input.amount
            } undo: { amount, _ in
                undone.withLock { $0 += amount.map { [$0] } ?? [] }
            }
            if input.amount == 94 { try await workflow.sleep(for: .seconds(86_400)) }
            return "\(input.amount)"
        }
        try await Night.situation(7) { night in
            try await night.engine([program]) { engine in
                try await engine.start(NightCheckout.self, Amount(amount: 94), id: "checkout-7")
                try await night.wait(for: "waiting", of: "checkout-7")
                let input = try await night.type(0)
                #expect((input[0]["payload"] as? [String: Any])?["amount"] as? Int == 94)
                #expect(try await night.type(1).first?["step"] as? String == "reserve")
                try await night.type(2)
                #expect(try await night.type(3)[0]["is_new"] as? Bool == true)
                try await night.wait(for: "cancelled", of: "checkout-7")
                #expect(undone.withLock { $0 } == [94])
                #expect(try await engine.handle(NightCheckout.self, id: "checkout-7-corrected").result() == "49")
            }
        }
    }

    @Test func `8 started twice: one is cancelled, and the same id is the same workflow`() async throws {
        let program = NightCheckout { _, workflow in
            try await workflow.sleep(for: .seconds(86_400))
            return ""
        }
        try await Night.situation(8) { night in
            try await night.engine([program]) { engine in
                for id in ["checkout-8", "checkout-8-again", "checkout-9"] {
                    try await engine.start(NightCheckout.self, Amount(amount: 49), id: id)
                    try await night.wait(for: "waiting", of: id)
                }
                #expect(try await night.type(0).map { $0["id"] as? String } == ["checkout-8", "checkout-8-again"])
                try await night.type(1)
                let again = try await night.type(2)
                #expect(again[0]["is_new"] as? Bool == false)
                try await night.wait(for: "cancelled", of: "checkout-8-again")
                #expect(try await night.state("checkout-8") == "waiting")
            }
        }
    }

    @Test func `9 a wedged process: it is declared dead, and another one takes its work`() async throws {
        let attempts = Mutex<[String]>([])
        func program(_ process: String) -> NightCheckout {
            NightCheckout { _, workflow in
                try await workflow.step("print") { _ in
                    attempts.withLock { $0.append(process) }
                    // It hears nothing, not even its cancellation.
                    if process == "web-1" { await Task { try? await Task.sleep(for: .seconds(20)) }.value }
                }
                return process
            }
        }
        try await Night.situation(9) { night in
            try await night.engine([program("web-1")]) { first in
                let handle = try await first.start(NightCheckout.self, Amount(amount: 1), id: "w")
                try await night.engine([program("web-2")], name: "web-2") { _ in
                    var wedged: [[String: Any]] = []
                    try await eventually("the step has been running for a while") {
                        wedged = try await night.type(0, replacing: ("10 minutes", "1 second"))
                        return !wedged.isEmpty
                    }
                    #expect(wedged[0]["name"] as? String == "web-1")
                    #expect(wedged[0]["step"] as? String == "print")
                    let number = try #require(wedged[0]["number"] as? Int)
                    try await night.type(1, replacing: ("12", "\(number)"))
                    try await night.wait(for: "succeeded", of: "w")
                    #expect(attempts.withLock { $0.first } == "web-1")
                    let executors = try await night.ask("SELECT state FROM durable.executors WHERE number = \(number)")
                    #expect(executors[0]["state"] as? String == "fenced")
                }
                _ = handle
            }
        }
    }

    @Test func `4 the database moved: every process has a new number, and nothing is left to do`() async throws {
        let statements = try Night.statements(of: "4.")
        #expect(statements.count == 2)
        // A server of its own: it is restarted.
        let server = try await TemporaryPostgres.start()
        let name = try await server.createDatabase()
        let configuration = PostgresConfiguration(server.connectionString(database: name))
        var options = EngineOptions()
        options.poll = .milliseconds(50)
        options.lease = .seconds(5)
        let machine = Machine()
        let program = NightCheckout { _, workflow in
            try await workflow.step("reserve") { _ in 1 }
            try await workflow.step("charge", retry: .constant(attempts: 100_000, delay: .milliseconds(50))) { _ in
                try machine.ask()
            }
            return "charged"
        }
        let engine = try DurableEngine(database: configuration, workflows: [program], options: options)
        let running = Task { try await engine.run() }
        try await engine.waitUntilReady()
        let handle = try await engine.start(NightCheckout.self, Amount(amount: 1), id: "a")
        try await eventually("it is at it") { machine.count > 0 }
        try await server.restart()
        func ask(_ sql: String) async throws -> [String] {
            let connection = try await PostgresConnection.connect(configuration)
            defer { connection.close() }
            return try await connection.query(Query("SELECT row_to_json(t)::text FROM (\(unescaped: sql)) AS t"))
                .map { try $0.decode(0, as: String.self) }
        }
        try await eventually("a new number is alive, and the former one is not") {
            let rows = try await ask(statements[0])
            return rows.count >= 2 && rows.last?.contains("\"alive\"") == true
                && rows.dropLast().allSatisfy { !$0.contains("\"alive\"") }
        }
        machine.mend()
        #expect(try await handle.result() == "charged")
        #expect(try await ask(statements[1]).isEmpty)
        running.cancel()
        _ = try? await running.value
        try await server.stop()
    }

    @Test func `10 the tables grow: a policy is set, counted, and what is over is deleted`() async throws {
        let program = NightCheckout { _, workflow in
            try await workflow.sleep(for: .seconds(86_400))
            return ""
        }
        try await Night.situation(10) { night in
            let superuser = try await PostgresConnection.connect(night.database.configuration)
            try await superuser.execute(
                """
                WITH w AS (
                    INSERT INTO durable.workflow (id, name, input, created_at)
                    SELECT 'old-' || i, 'checkout', to_json(repeat('x', 500)), now() - interval '50 days' FROM generate_series(1, 1500) AS i
                    RETURNING id
                )
                INSERT INTO durable.outcome (workflow_id, status, finished_at)
                SELECT id, CASE id WHEN 'old-1' THEN 'failed' ELSE 'succeeded' END::durable.workflow_state, now() - interval '40 days' FROM w
                """
            )
            superuser.close()
            try await night.engine([program]) { engine in
                try await engine.start(NightCheckout.self, Amount(amount: 1), id: "live")
                let sizes = try await night.type(0)
                #expect(sizes.first?["name"] as? String == "workflow")
                for index in 1...2 { try await night.type(index) }
                let counts = try await night.type(3)
                #expect(counts.map { $0["rows"] as? Int } == [1499])
                var deleted = 0
                while true {
                    let batch = try await night.type(4)
                    deleted += batch[0]["deleted"] as? Int ?? 0
                    if batch[0]["result"] as? String == "done" { break }
                }
                #expect(deleted == 1499)
                let left = try await night.ask("SELECT id FROM durable.workflows ORDER BY id")
                #expect(left.map { $0["id"] as? String } == ["live", "old-1"])
            }
        }
    }
}

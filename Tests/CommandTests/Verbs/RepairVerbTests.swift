// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Libpq
import Testing

@Suite struct RepairVerbTests {
    private func texts(_ sql: Query, _ connection: PostgresConnection) async throws -> [String] {
        try await connection.query(sql).map { try $0.isNull(0) ? "" : $0.decode(0, as: String.self) }
    }

    @Test func `a step of a paused workflow is given its result, or skipped, when somebody says yes`() async throws {
        try await Samples.with { database, connection in
            let result = "{\"a\":  \"'; DROP TABLE durable.live; --\"}"
            let place = ["set-result", "checkout-1003", "--position", "0", "--result", result]
            let nobody = try await Invocation.durable(place, on: database.connectionString)
            #expect(nobody.status == 6)
            #expect(
                nobody.errors.contains("set the result of position 0 of checkout-1003, and take back what followed?")
            )
            #expect(try await self.texts("SELECT action FROM durable.audit", connection) == [])
            let set = try await Invocation.durable(
                place + ["--reason", "by phone"],
                on: database.connectionString,
                answer: "yes"
            )
            #expect(set.output == "checkout-1003  set; it goes on with durable resume\n", "\(set.errors)")
            let recorded = try await self.texts(
                "SELECT output::text FROM durable.journal WHERE workflow_id = 'checkout-1003' AND phase = 0",
                connection
            )
            #expect(recorded == [result])
            let skip = try await Invocation.durable(
                "skip",
                "checkout-1003",
                "--position",
                "1",
                "--name",
                "ship",
                "--yes",
                "--json",
                on: database
            )
            #expect(try skip.documents().first?["done"] as? Bool == true, "\(skip.errors)")
            let audit = try await self.texts(
                "SELECT action || ' ' || reason FROM durable.audit ORDER BY id",
                connection
            )
            #expect(audit == ["set_step_result by phone", "skip_step by hand, with the durable command"])
        }
    }

    @Test func `what is no step of a paused workflow, or no JSON, is refused, and nothing changes`() async throws {
        try await Samples.with { database, connection in
            let before = try await self.texts(
                "SELECT md5(string_agg(j::text, '' ORDER BY j::text)) FROM durable.journal j",
                connection
            )
            let cases: [([String], Int32, String)] = [
                (
                    ["set-result", "checkout-1003", "--position", "0", "--result", "{"], 2,
                    "invalid input syntax for type json"
                ),
                (
                    ["set-result", "checkout-1003", "--position", "7", "--result", "1"], 2,
                    "has recorded nothing at position 7"
                ),
                (["set-result", "checkout-1003", "--position", "-1", "--name", "x", "--result", "1"], 2, "position"),
                (
                    ["set-result", "checkout-1003", "--position", "0", "--name", "x", "--result", "1"], 2,
                    "is the step \"charge\", not \"x\""
                ),
                (
                    ["set-result", "checkout-1002", "--position", "0", "--result", "1"], 1,
                    "workflow \"checkout-1002\" is not paused"
                ),
                (["set-result", "nobody", "--position", "0", "--result", "1"], 3, "no workflow has the id \"nobody\""),
                (["skip", "checkout-1001", "--position", "0"], 1, "is not paused"),
                (["skip", "checkout-1003", "--position", "x"], 2, "position"),
                (["pause-name", ""], 2, "the workflow name is empty"),
                (["pause-name", "checkout", "--reason", ""], 2, "the reason is empty"),
                (["release-executor", "4711"], 3, "no executor has the number 4711"),
            ]
            for (arguments, status, words) in cases {
                let refused = try await Invocation.durable(arguments + ["--yes"], on: database.connectionString)
                #expect(refused.status == status, "\(arguments): \(refused.errors)")
                #expect(refused.errors.contains(words), "\(arguments): \(refused.errors)")
            }
            let after = try await self.texts(
                "SELECT md5(string_agg(j::text, '' ORDER BY j::text)) FROM durable.journal j",
                connection
            )
            #expect(after == before)
            #expect(try await self.texts("SELECT action FROM durable.audit", connection) == [])
        }
    }

    @Test func `a workflow type is paused and resumed, and a wedged process released`() async throws {
        try await Samples.with { database, connection in
            let refused = try await Invocation.durable("resume-name", "checkout", on: database)
            #expect(refused.status == 1)
            #expect(refused.errors == "durable: workflow type \"checkout\" was not paused\n")
            let paused = try await Invocation.durable(
                "pause-name",
                "checkout",
                "--reason",
                "bad deploy",
                "--yes",
                on: database
            )
            #expect(paused.output == "checkout  paused\n", "\(paused.errors)")
            #expect(try await self.texts("SELECT reason FROM durable.paused_name", connection) == ["bad deploy"])
            let resumed = try await Invocation.durable("resume-name", "checkout", on: database)
            #expect(resumed.output == "checkout  resumed\n", "\(resumed.errors)")
            let number = try #require(
                try await self.texts("SELECT number::text FROM durable.executor WHERE name = 'web-1'", connection).first
            )
            try await connection.execute(
                "UPDATE durable.live SET executor = \(Int32(number)), epoch = 1, state = 'running' WHERE workflow_id = 'checkout-1002'"
            )
            let nobody = try await Invocation.durable("release-executor", number, on: database)
            #expect(nobody.status == 6)
            let released = try await Invocation.durable("release-executor", number, "--yes", on: database)
            #expect(released.output == "\(number)  released, with 1 workflow\n", "\(released.errors)")
            let again = try await Invocation.durable("release-executor", number, "--yes", on: database)
            #expect(again.status == 1)
            #expect(again.errors.contains("was declared dead before"))
        }
    }

    @Test func `what is over is counted, deleted by policy or by hand, and what lives is not`() async throws {
        try await Samples.with { database, connection in
            func ids() async throws -> [String] {
                try await self.texts(
                    "SELECT id FROM durable.workflow WHERE id LIKE '%-%' AND id NOT LIKE 'evil%' ORDER BY id",
                    connection
                )
            }
            let all = ["checkout-1001", "checkout-1002", "checkout-1003", "order-7", "order-8"]
            let nothing = try await Invocation.durable("prune", "--yes", on: database)
            #expect(nothing.status == 1)
            #expect(nothing.errors.contains("no policy says so"))
            let wrong = try await Invocation.durable("retention", "--keep", "soon", "--yes", on: database)
            #expect(wrong.status == 2)
            #expect(wrong.errors.contains("invalid input syntax for type interval: \"soon\""))
            for (arguments, answer) in [
                (["--keep", "90 minutes"], "workflow  is kept 90 minutes\n"),
                (["--keep", "90 minutes"], "workflow  was kept 90 minutes before\n"),
                (["--keep", "forever", "--name", "checkout"], "workflow checkout  is kept forever\n"),
            ] {
                let kept = try await Invocation.durable(
                    ["retention", "--yes"] + arguments,
                    on: database.connectionString
                )
                #expect(kept.output == answer, "\(kept.errors)")
            }
            let list = try await Invocation.durable("retention", "--json", on: database)
            #expect(try list.documents().compactMap { $0["keep"] as? String } == ["01:30:00", "forever"])
            let dry = try await Invocation.durable("prune", "--dry-run", "--json", on: database)
            #expect(
                try dry.documents().map { "\($0["name"] ?? "") \($0["outcome"] ?? "") \($0["rows"] ?? "")" } == [
                    "order failed 1"
                ]
            )
            let nobody = try await Invocation.durable("prune", on: database)
            #expect(nobody.status == 6)
            #expect(try await ids() == all)
            let pruned = try await Invocation.durable("prune", "--yes", "--batch", "1", on: database)
            #expect(pruned.output == "1 deleted\n", "\(pruned.errors)")
            #expect(try await ids() == all.filter { $0 != "order-8" })
            let dropped = try await Invocation.durable("retention", "--drop", on: database)
            #expect(dropped.output == "workflow  has no policy any more\n", "\(dropped.errors)")
            let asked = try await Invocation.durable("delete", "checkout-1001", on: database)
            #expect(asked.status == 6)
            let mixed = try await Invocation.durable(
                "delete",
                "checkout-1001",
                "checkout-1002",
                "--yes",
                "--json",
                on: database
            )
            #expect(mixed.status == 1)
            #expect(try mixed.documents().map { $0["done"] as? Bool } == [true, false])
            #expect(mixed.errors.contains("delete: 1 done, 1 refused"))
            let byFilter = try await Invocation.durable("delete", "--name", "order", on: database, answer: "yes")
            #expect(byFilter.errors.contains("1 workflow matches: 1 failed"))
            #expect(byFilter.output == "order-7  deleted\n")
            #expect(try await ids() == ["checkout-1002", "checkout-1003"])
        }
    }
}

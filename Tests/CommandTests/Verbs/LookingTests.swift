// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Foundation
import Libpq
import Testing

@Suite struct LookingTests {
    private func ids(_ invocation: Invocation) throws -> [String] {
        try invocation.documents().map { $0["id"] as? String ?? "" }
    }

    @Test func `the list is newest first, and each filter leaves out what it should`() async throws {
        try await Samples.with { database, _ in
            let checkouts = ["checkout-1003", "checkout-1002", "checkout-1001"]
            let orders = ["order-7", "order-8"]
            let expected: [([String], [String])] = [
                ([], [Samples.hostile] + checkouts + orders),
                (["--state", "failed"], orders),
                (["--state", "paused,waiting"], ["checkout-1003", "checkout-1002"]),
                (["--state", "paused", "--state", "failed"], ["checkout-1003"] + orders),
                (["--name", "order"], orders),
                (["--name", "ev'il"], [Samples.hostile]),
                (["--id-prefix", "checkout-100"], checkouts),
                (["--id-prefix", "checkout%"], []), (["--id-prefix", "checkout_1"], []),
                (["--id-prefix", "checkout\\"], []),
                (["--state", "queued,running,waiting"], [Samples.hostile, "checkout-1002"]),
                (["--state", "succeeded,failed", "--since", "90m"], ["checkout-1001", "order-7"]),
                (["--name", "order", "--name", "checkout", "--state", "failed,paused"], ["checkout-1003"] + orders),
                (["--id-prefix", Samples.hostile], [Samples.hostile]),
                (["--since", "90m", "--before", "10m"], ["order-7"]),
                (["--error-type", "OutOfStock", "--limit", "1"], ["order-7"]),
                (["--name", "'; DROP TABLE durable.live; --"], []),
            ]
            for (arguments, wanted) in expected {
                let list = try await Invocation.durable(["list", "--json"] + arguments, on: database.connectionString)
                #expect(list.status == 0, "\(list.errors)")
                let found = try self.ids(list)
                #expect(found == wanted, "\(arguments)")
            }
        }
    }

    @Test func `pages follow each other without a gap, also among workflows of one time`() async throws {
        try await Samples.with { database, connection in
            try await connection.execute(
                """
                WITH w AS (
                    INSERT INTO durable.workflow (id, name, created_at)
                    SELECT 'page-' || n, 'page', timestamptz '2026-01-01 00:00Z' FROM generate_series(1, 25) AS n RETURNING id
                )
                INSERT INTO durable.live (workflow_id, name, state) SELECT id, 'page', 'queued' FROM w
                """
            )
            var found: [String] = []
            for _ in 1...4 {
                var arguments = ["list", "--json", "--name", "page", "--limit", "7"]
                if let last = found.last { arguments += ["--after", last] }
                found += try self.ids(try await Invocation.durable(arguments, on: database.connectionString))
            }
            #expect(found.count == 25)
            #expect(Set(found).count == 25)
            let all = try await Invocation.durable("list", "--json", "--name", "page", "--limit", "0", on: database)
            #expect(try self.ids(all) == found)
            let behind = try await Invocation.durable("list", "--after", "nobody", on: database)
            #expect(behind.status == 3)
        }
    }

    @Test func `a table shows where each stands, and nothing of it reaches the terminal`() async throws {
        try await Samples.with { database, _ in
            let list = try await Invocation.durable("list", on: database)
            #expect(list.lines.count == 7)
            #expect(list.lines[0].hasPrefix("ID "))
            #expect(list.lines[1].contains("evil\\u{1b}[31m\\n'; DROP TABLE durable.live; --%_\\\\u{202e}"))
            #expect(list.lines[2].contains("diverged, charge, Divergence: expected charge"))
            #expect(list.lines[3].contains("message approval, wakes in 2d 23h"))
            #expect(!list.output.contains("\u{1B}"))
        }
    }

    @Test func `a workflow is shown with its steps as a tree`() async throws {
        try await Samples.with { database, _ in
            let show = try await Invocation.durable("show", "checkout-1001", "--payloads", on: database)
            #expect(show.lines.contains("state     succeeded"))
            #expect(show.lines.contains("took      13.0s"))
            #expect(show.lines.contains("input     {\"id\":\"1001\",\"sku\":\"tea pot\"}"))
            let tree = show.lines.drop { !$0.hasPrefix("STEP") }.map { String($0.prefix(11)) }
            #expect(
                tree == [
                    "STEP       ", "reserve    ", "charge     ", "parallel   ", "├─ [0]", "│  └─ email", "└─ [1]",
                    "   └─ label",
                ]
            )
            #expect(show.lines.contains { $0.hasPrefix("│  └─ email") && $0.contains("1.25s") })
            #expect(show.lines.contains { $0.hasPrefix("charge") && $0.contains("recorded        2  350ms") })
            #expect(show.lines.last?.hasSuffix("\"label-9\"") == true)

            let json = try #require(
                try await Invocation.durable("show", "checkout-1001", "--json", on: database).documents().first
            )
            #expect((json["steps"] as? [[String: Any]])?.count == 5)
            #expect(json["input"] == nil)
            let paused = try await Invocation.durable("show", "checkout-1003", on: database)
            #expect(paused.lines.contains { $0.hasPrefix("reason") && $0.contains("diverged") })
            #expect(paused.lines.contains { $0.hasPrefix("charge") && $0.contains("Timeout: no reply; tried again") })
        }
    }

    @Test func `steps are a row each`() async throws {
        try await Samples.with { database, _ in
            let steps = try await Invocation.durable("steps", "checkout-1001", "--json", "--payloads", on: database)
            let names = try steps.documents().map { "\($0["scope"] ?? "")/\($0["step"] ?? "")" }
            #expect(names == ["/reserve", "/charge", "/parallel", "parallel@2[0]/email", "parallel@2[1]/label"])
            #expect(try steps.documents()[1]["output"] as? String == "charge-7")
            let failed = try await Invocation.durable("steps", "order-7", "--state", "failed", on: database)
            #expect(failed.lines.count == 2)
        }
    }

    @Test func `errors of one shape are one line`() async throws {
        try await Samples.with { database, _ in
            let errors = try await Invocation.durable("errors", "--json", on: database).documents()
            #expect(errors.count == 2)
            let first = try #require(errors.first)
            #expect(first["type"] as? String == "OutOfStock")
            #expect(first["count"] as? Int == 2)
            #expect(first["example"] as? String == "order-7")
            let recent = try await Invocation.durable("errors", "--since", "10m", "--json", on: database).documents()
            #expect(recent.compactMap { $0["type"] as? String } == ["Divergence"])
            let none = try await Invocation.durable("errors", "--name", "nobody", on: database)
            #expect(none.status == 0)
            #expect(none.errors == "no error\n")
        }
    }

    @Test func `versions tell what is stranded, and a deploy that would strand something fails`() async throws {
        try await Samples.with { database, _ in
            func verdicts(_ invocation: Invocation) throws -> [String: String] {
                Dictionary(
                    uniqueKeysWithValues: try invocation.documents().map {
                        ("\($0["name"] ?? "") \($0["version"] ?? "")", $0["verdict"] as? String ?? "")
                    }
                )
            }
            let now = try await Invocation.durable("versions", "--json", on: database)
            #expect(now.status == 0)
            #expect(
                try verdicts(now) == ["checkout 1": "safe to retire", "checkout 2": "in use", "ev'il 1": "stranded"]
            )
            let good = try await Invocation.durable("versions", "--deploy", "checkout=2-3", on: database)
            #expect(good.status == 0, "\(good.errors)")
            let bad = try await Invocation.durable("versions", "--deploy", "checkout=3", on: database)
            #expect(bad.status == 1)
            #expect(bad.errors.contains("would strand 2 workflows: checkout v2. Let the new code say `resumes`"))
        }
    }

    @Test func `patches tell which are needed, and one that nobody has recorded is no patch that may go`() async throws
    {
        try await Samples.with { database, connection in
            let none = try await Invocation.durable("patches", on: database)
            #expect(none.status == 0)
            #expect(none.errors == "no patch is recorded\n")
            try await connection.execute("UPDATE durable.live SET begun = true WHERE name = 'checkout'")
            try await connection.execute(
                """
                INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, name) VALUES
                    ('checkout-1001', '', 3, 0, 6, 1, 1, 'receipt'), ('checkout-1002', '', 0, 0, 6, 1, 1, 'fraud-check')
                """
            )
            let table = try await Invocation.durable("patches", on: database)
            #expect(
                table.lines.map { $0.replacing(/\s+/, with: " ") } == [
                    "WORKFLOW VERSION PATCH WITH IT WITHOUT IT FOR EXAMPLE VERDICT",
                    "checkout 2 fraud-check 1 1 checkout-1002 in use",
                    "checkout 1 receipt 0 0 safe to remove",
                ]
            )
            let json = try await Invocation.durable("patches", "receipt", "--check", "--json", on: database)
            #expect(json.status == 0, "\(json.errors)")
            #expect(try json.documents().map { $0["verdict"] as? String } == ["safe to remove"])
            let check = try await Invocation.durable("patches", "--name", "checkout", "--check", on: database)
            #expect(check.status == 1)
            #expect(check.errors == "durable: in use: fraud-check of checkout v2\n")
            for (arguments, words) in [
                (["fraud-chekc"], "no workflow that is kept has recorded a patch \"fraud-chekc\""),
                (
                    ["receipt", "--name", "order"],
                    "no workflow of type order that is kept has recorded a patch \"receipt\""
                ),
                (["'; DROP TABLE durable.live; --"], "has recorded a patch \"'; DROP TABLE durable.live; --\""),
            ] {
                let refused = try await Invocation.durable(["patches"] + arguments, on: database.connectionString)
                #expect(refused.status == 1)
                #expect(refused.output.isEmpty)
                #expect(refused.errors.contains(words), "\(refused.errors)")
            }
        }
    }

    @Test func `executors are those that live, or all of them, and stats count what there is`() async throws {
        try await Samples.with { database, _ in
            let alive = try await Invocation.durable("executors", "--json", on: database).documents()
            #expect(alive.map { $0["name"] as? String } == ["web-1"])
            let all = try await Invocation.durable("executors", "--all", on: database)
            #expect(all.lines.count == 3)
            let stats = try await Invocation.durable("stats", "--exact", "--json", on: database).documents()
            func value(_ subject: String, _ name: String) -> Double? {
                stats.first { $0["subject"] as? String == subject && $0["name"] as? String == name }?["value"]
                    as? Double
            }
            #expect(value("live", "paused") == 1)
            #expect(value("ended", "failed") == 2)
            #expect(value("executors", "stopped") == 1)
            let checked1 = try await Invocation.durable("stats", on: database)
            #expect(checked1.status == 0)
        }
    }

    @Test func `a process whose records do not become durable says since when`() async throws {
        try await Samples.with { database, _ in
            let before = try await Invocation.durable("executors", on: database)
            #expect(!before.output.contains("BEHIND SINCE"))
            try await database.execute("UPDATE durable.lease SET behind_since = durable.clock() - interval '5 minutes'")
            let after = try await Invocation.durable("executors", on: database)
            #expect(after.output.contains("BEHIND SINCE"))
            #expect(after.output.contains("5m ago"))
        }
    }

    @Test func `an export is what history replay reads`() async throws {
        try await Samples.with { database, _ in
            let export = try await Invocation.durable("export", "checkout-1001", on: database)
            let history = try WorkflowExport(json: Data(export.output.utf8))
            #expect(history.workflow.id == "checkout-1001")
            #expect(history.journal.count == 6)
            #expect(history.outcome?.status == "succeeded")
            let hostile = try await Invocation.durable("export", Samples.hostile, on: database)
            #expect(try WorkflowExport(json: Data(hostile.output.utf8)).workflow.id == Samples.hostile)
            #expect(!hostile.output.contains("\u{202E}"))
            let checked2 = try await Invocation.durable("export", "nobody", on: database)
            #expect(checked2.status == 3)
        }
    }

    @Test func `tail ends when the workflow has ended, and has told every step`() async throws {
        try await Samples.with { database, connection in
            let done = try await Invocation.durable("tail", "checkout-1001", "--json", on: database).documents()
            #expect(done.compactMap { $0["step"] as? String } == ["reserve", "charge", "email", "label", "parallel"])
            #expect(done.last?["state"] as? String == "succeeded")

            async let tail = Invocation.durable("tail", "checkout-1002", "--interval", "0.1", "--json", on: database)
            try await connection.execute(
                """
                INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, name)
                VALUES ('checkout-1002', '', 0, 0, 1, 1, 1, 'late')
                """
            )
            try await connection.execute(
                """
                WITH gone AS (DELETE FROM durable.live WHERE workflow_id = 'checkout-1002' RETURNING workflow_id)
                INSERT INTO durable.outcome (workflow_id, status) SELECT workflow_id, 'succeeded' FROM gone
                """
            )
            let lines = try await tail.documents()
            #expect(lines.compactMap { $0["step"] as? String } == ["late"])
            #expect(lines.last?["state"] as? String == "succeeded")
        }
    }
}

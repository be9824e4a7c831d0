// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Libpq
import Testing

@Suite struct BulkTests {
    private func states(_ connection: PostgresConnection) async throws -> [String: String] {
        var states: [String: String] = [:]
        for row in try await connection.query("SELECT id, state FROM durable.workflows") {
            let (id, state) = try row.decode((String, String).self)
            states[id] = state
        }
        return states
    }

    @Test func `what a filter selects is counted, and nothing happens without a yes`() async throws {
        try await Samples.with { database, connection in
            let before = try await self.states(connection)
            let nobody = try await Invocation.durable("resume", "--name", "checkout", on: database)
            #expect(nobody.status == 6)
            #expect(nobody.errors.hasPrefix("1 workflow matches: 1 paused\n"))
            #expect(nobody.errors.contains("--yes"))
            let no = try await Invocation.durable("retry", "--name", "order", on: database, answer: "no")
            #expect(no.status == 6)
            #expect(no.errors.contains("2 workflows match: 2 failed"))
            let dry = try await Invocation.durable("retry", "--name", "order", "--dry-run", "--json", on: database)
            #expect(try dry.documents().map { $0["id"] as? String } == ["order-7", "order-8"])
            let cancel = try await Invocation.durable("cancel", "checkout-1002", on: database)
            #expect(cancel.status == 6)
            for arguments in [["cancel"], ["pause", "a", "--name", "b"]] {
                let usage = try await Invocation.durable(arguments, on: database.connectionString)
                #expect(usage.status == 2)
            }
            let after = try await self.states(connection)
            #expect(after == before)
        }
    }

    @Test func `each is done and reported, and one that is refused does not stop the others`() async throws {
        try await Samples.with { database, connection in
            let retried = try await Invocation.durable("retry", "--name", "order", on: database, answer: "yes")
            #expect(retried.status == 0, "\(retried.errors)")
            #expect(retried.lines.map { $0.prefix(7) } == ["order-7", "order-8"])
            let both = try await Invocation.durable(
                "resume",
                "checkout-1002",
                "checkout-1003",
                "nobody",
                "--yes",
                "--json",
                on: database
            )
            #expect(both.status == 1)
            #expect(try both.documents().map { $0["done"] as? Bool } == [false, true, false])
            #expect(both.errors.contains("resume: 1 done, 2 refused"))
            let states = try await self.states(connection)
            #expect(states["order-7"] == "queued")
            #expect(states["order-8"] == "queued")
            #expect(states["checkout-1003"] == "queued")
            #expect(states["checkout-1002"] == "waiting")
            let one = try await Invocation.durable("resume", "nobody", on: database)
            #expect(one.status == 3)
            let wrong = try await Invocation.durable("retry", "checkout-1001", on: database)
            #expect(wrong.status == 1)
            #expect(wrong.errors.contains("only one that has failed can be retried"))
        }
    }

    @Test func `on a terminal the progress stands below the lines, and is gone at the end`() async throws {
        try await Samples.with { database, _ in
            let run = try await Invocation.durable(
                ["retry", "--name", "order"],
                on: database.connectionString,
                answer: "yes",
                isShown: true
            )
            #expect(run.status == 0, "\(run.output)")
            let clear = "\r\u{1B}[K"
            let shown = run.output.replacing("\r\n", with: "\n")
            let first = try #require(shown.firstRange(of: "order-7  queued again"))
            #expect(shown[first.upperBound...].contains("\(clear)retry: 1 of 2\(clear)order-8  queued again"))
            #expect(shown.contains("\(clear)retry: 2 of 2\(clear)retry: 2 done, 0 refused\n"))
        }
    }

    @Test func `workflows are started, run anew, forked, asked to end and explained`() async throws {
        try await Samples.with { database, connection in
            let hostile = "'; DROP TABLE durable.live; --"
            let start = try await Invocation.durable(
                "start",
                "checkout",
                "--id",
                hostile,
                "--input",
                "{\"a\": 1}",
                "--json",
                on: database
            )
            #expect(try start.documents().first?["is_new"] as? Bool == true, "\(start.errors)")
            let again = try await Invocation.durable(
                "start",
                "checkout",
                "--id",
                hostile,
                "--input",
                "{}",
                on: database
            )
            #expect(again.status == 1)
            let rerun = try await Invocation.durable("rerun", "order-7", "--new-id", "order-7-again", on: database)
            #expect(rerun.output == "started order-7-again\n")
            let fork = try await Invocation.durable(
                "fork",
                "checkout-1001",
                "--position",
                "2",
                "--new-id",
                "fork-1",
                on: database
            )
            #expect(fork.output == "started fork-1\n", "\(fork.errors)")
            let copied = try await connection.query(
                "SELECT FROM durable.journal WHERE workflow_id = 'fork-1' AND phase = 0"
            )
            #expect(copied.count == 2)
            for (verb, id) in [("cancel", hostile), ("pause", Samples.hostile), ("kill", "fork-1")] {
                let asked = try await Invocation.durable(verb, id, "--yes", "--json", on: database)
                #expect(try asked.documents().first?["result"] as? String == "requested", "\(verb): \(asked.errors)")
            }
            let ended = try await Invocation.durable("cancel", "order-8", "--yes", on: database)
            #expect(ended.status == 1)
            let why = try await Invocation.durable("why", "checkout-1003", on: database)
            #expect(why.output.hasPrefix("It is paused (diverged): "))
            let attention = try await Invocation.durable("attention", "--check", on: database)
            #expect(attention.status == 1)
            #expect(attention.output.contains("checkout-1003"))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Libpq
import Testing

/// What programs read: every verb answers in JSON where it is asked to, a document on each line.
@Suite struct JSONTests {
    /// In this order each of them is possible.
    private static let calls: [[String]] = [
        ["attention"], ["why", "order-7"], ["list"], ["show", "order-7"], ["steps", "order-7"], ["tail", "order-7"],
        ["executors", "--all"], ["errors"], ["versions"], ["stats"], ["export", "order-7"],
        ["start", "label", "--id", "label-1"], ["signal", "checkout-1002", "go"], ["pause", "checkout-1002", "--yes"],
        ["fork", "checkout-1003", "--position", "0", "--result", "1"],
        ["set-result", "checkout-1003", "--position", "0", "--result", "1", "--yes"],
        ["skip", "checkout-1003", "--position", "0", "--yes"], ["resume", "checkout-1003"], ["retry", "order-7"],
        ["rerun", "order-8"], ["pause-name", "label", "--yes"], ["resume-name", "label", "--reason", "rolled back"],
        ["cancel", "checkout-1002", "--yes"], ["kill", "checkout-1002", "--yes"],
        ["retention", "--keep", "30 days", "--yes"], ["retention"], ["prune", "--yes"], ["delete", "order-8", "--yes"],
        ["release-executor", "1", "--yes"], ["migrate"], ["migrate", "--verify"],
    ]

    @Test func `every verb answers in JSON, a document on each line`() async throws {
        try await Samples.with { database, _ in
            for call in Self.calls {
                let answer = try await Invocation.durable(call + ["--json"], on: database.connectionString)
                #expect(answer.status == 0, "\(call): \(answer.errors)")
                let documents = try answer.documents()
                #expect(!documents.isEmpty && documents.allSatisfy { !$0.isEmpty }, "\(call): \(answer.output)")
            }
            // Nothing to say is no line.
            let patches = try await Invocation.durable("patches", "--json", on: database)
            #expect(patches.status == 0)
            #expect(patches.output.isEmpty)
        }
    }

    @Test func `no verb is forgotten here`() async throws {
        let help = try await Invocation.durable(["--help"], on: nil)
        let verbs = help.lines.drop { !$0.hasSuffix("SUBCOMMANDS:") }.compactMap { line in
            line.firstMatch(of: #/^ {2}([a-z-]+) /#).map { String($0.output.1) }
        }
        #expect(verbs.count >= 30)
        #expect(Set(verbs) == Set(Self.calls.map { $0[0] } + ["patches"]))
    }

    @Test func `a workflow is started in a queue, with attributes and a time to end, as it is told`() async throws {
        try await Samples.with { database, connection in
            try await connection.execute("SELECT durable.set_queue('letters', 1)")
            let started = try await Invocation.durable(
                "start",
                "label",
                "--id",
                "label-1",
                "--queue",
                "letters",
                "--attributes",
                "{\"customer\": \"42\"}",
                "--timeout",
                "60",
                on: database
            )
            #expect(started.status == 0, "\(started.errors)")
            let row = try await connection.query(
                """
                SELECT concat_ws('|', w.queue, w.attributes ->> 'customer', w.deadline - w.created_at) FROM durable.workflow w
                WHERE id = 'label-1'
                """
            )
            #expect(try row.map { try $0.decode(0, as: String.self) } == ["letters|42|00:01:00"])
            for (arguments, words) in [
                (["--queue", "mail"], "there is no queue \"mail\""),
                (["--attributes", "{"], "invalid input syntax for type json"),
                (["--timeout", "0"], "--timeout must be more than 0"),
            ] {
                let refused = try await Invocation.durable(
                    ["start", "label"] + arguments,
                    on: database.connectionString
                )
                #expect(refused.status == 2, "\(arguments)")
                #expect(refused.errors.contains(words), "\(refused.errors)")
            }
            let count = try await connection.query("SELECT count(*) FROM durable.workflow WHERE name = 'label'")
            #expect(try count.first?.decode(0, as: Int64.self) == 1)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Libpq
import Testing

@Suite struct FailureTests {
    @Test func `a database that cannot be reached is told with host and port`() async throws {
        let invocation = try await Invocation.durable(["list"], on: "postgresql://shop:geheim@127.0.0.1:1/shop")
        #expect(invocation.status == 4)
        #expect(invocation.errors.contains("cannot connect to database \"shop\" as user \"shop\" at 127.0.0.1:1"))
        #expect(invocation.errors.contains("refused"))
        #expect(!invocation.errors.contains("geheim"))
        let option = try await Invocation.durable(
            ["stats", "--database", "postgresql://shop:geheim@127.0.0.1:1/shop"],
            on: nil
        )
        #expect(option.status == 4)
        let odd = try await Invocation.durable(["list"], on: "postgresql://shop:geheim@[::1/shop")
        #expect(odd.status == 2)
        #expect(!odd.errors.contains("geheim"))
    }

    @Test(arguments: [
        ["list", "--state", "done"], ["list", "--since", "yesterday"], ["list", "--limit", "-1"],
        ["list", "--limit", "x"],
        ["show"], ["steps", "a", "--state", "gone"], ["versions", "--deploy", "checkout"],
        ["migrate", "--print", "--verify"],
        ["tail", "--interval", "0"], ["tail", "a", "--name", "b"], ["errors", "--limit", "0"], ["no-such-verb"],
        ["list", "--no-such-option"],
    ])
    func `arguments that make no sense end with 2, without a database`(arguments: [String]) async throws {
        let invocation = try await Invocation.durable(arguments, on: nil)
        #expect(invocation.status == 2)
        #expect(invocation.output.isEmpty)
        #expect(!invocation.errors.isEmpty)
    }

    @Test func `help and completion scripts are answers`() async throws {
        let help = try await Invocation.durable(["--help"], on: nil)
        #expect(help.status == 0)
        #expect(help.output.contains("no such workflow"))
        for shell in ["bash", "zsh", "fish"] {
            let script = try await Invocation.durable(["--generate-completion-script", shell], on: nil)
            #expect(script.status == 0)
            #expect(script.output.contains("versions"), "\(shell)")
        }
    }

    @Test(arguments: ["show", "steps", "tail", "export"])
    func `a workflow that is not there ends with 3`(verb: String) async throws {
        try await withTestDatabase { database in
            let invocation = try await Invocation.durable(verb, "no\u{1B}body", on: database)
            #expect(invocation.status == 3)
            #expect(invocation.errors.hasPrefix("durable: no workflow has the id \"no\\u{1b}body\""))
            #expect(invocation.output.isEmpty)
        }
    }

    @Test func `a reader sees workflows and no payloads, and is told what it lacks`() async throws {
        try await Samples.with { database, connection in
            let role = "reader_\(UInt32.random(in: 0 ... .max))"
            try await connection.execute(
                "CREATE ROLE \(identifier: role) LOGIN PASSWORD 'reader' IN ROLE durable_reader"
            )
            let url = "\(database.connectionString) user=\(role) password=reader"
            let list = try await Invocation.durable(["list", "--state", "paused", "--json"], on: url)
            #expect(try list.documents().map { $0["id"] as? String } == ["checkout-1003"], "\(list.errors)")
            let show = try await Invocation.durable(["show", "checkout-1001"], on: url)
            #expect(show.status == 0, "\(show.errors)")
            for verb in ["attention", "errors", "executors", "list", "stats", "versions"] {
                let looked = try await Invocation.durable([verb, "--json"], on: url)
                #expect(looked.status == 0, "\(verb): \(looked.errors)")
                #expect(!looked.output.isEmpty, "\(verb)")
            }
            let payloads = try await Invocation.durable(["show", "checkout-1001", "--payloads"], on: url)
            #expect(payloads.status == 5)
            #expect(payloads.errors.contains("permission denied for view payloads"))
            #expect(payloads.errors.contains("durable_operator"))
            let signal = try await Invocation.durable(["signal", "checkout-1002", "x"], on: url)
            #expect(signal.status == 5)
            #expect(try await connection.query("SELECT FROM durable.message").isEmpty)
            try await connection.execute("DROP ROLE \(identifier: role)")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Libpq
import Testing

@Suite struct ActingTests {
    @Test func `a signal is sent once per key, and its payload is kept as it was typed`() async throws {
        try await Samples.with { database, connection in
            func signal(_ arguments: String...) async throws -> Invocation {
                try await Invocation.durable(["signal"] + arguments, on: database.connectionString)
            }
            let payload = "{\"by\": \"'; DROP TABLE durable.message; --\"}"
            let sent = try await signal("checkout-1002", "approval", "--payload", payload, "--key", "k")
            #expect(sent.output == "sent \"approval\" to checkout-1002\n")
            let again = try await signal("checkout-1002", "approval", "--payload", payload, "--key", "k", "--json")
            #expect(try again.documents().first?["sent"] as? Bool == false)
            let bodies = try await connection.query("SELECT workflow_id, name, body::text FROM durable.message")
            #expect(try bodies.map { try $0.decode(2, as: String.self) } == [payload])

            let hostile = try await signal(Samples.hostile, "'; SELECT 1; --")
            #expect(hostile.status == 0, "\(hostile.errors)")
            #expect(!hostile.output.contains("\u{1B}"))
        }
    }

    @Test func `a payload may come from a file`() async throws {
        try await Samples.with { database, connection in
            let path = FileManager.default.temporaryDirectory.appending(path: "payload-\(UUID().uuidString).json")
            try Data("[1]".utf8).write(to: path)
            defer { try? FileManager.default.removeItem(at: path) }
            let sent = try await Invocation.durable(
                "signal",
                "checkout-1002",
                "go",
                "--payload",
                "@\(path.path)",
                on: database
            )
            #expect(sent.status == 0, "\(sent.errors)")
            let bodies = try await connection.query("SELECT body::text FROM durable.message")
            #expect(try bodies.map { try $0.decode(0, as: String.self) } == ["[1]"])
            let missing = try await Invocation.durable(
                "signal",
                "checkout-1002",
                "go",
                "--payload",
                "@/none",
                on: database
            )
            #expect(missing.status == 2)
            #expect(missing.errors.contains("the file \"/none\" cannot be read"))
        }
    }

    @Test func `what a signal cannot be sent to is told, and nothing is sent`() async throws {
        try await Samples.with { database, connection in
            let unknown = try await Invocation.durable("signal", "nobody", "approval", on: database)
            #expect(unknown.status == 3)
            #expect(unknown.errors == "durable: no workflow has the id \"nobody\"\n")
            let ended = try await Invocation.durable("signal", "order-7", "approval", on: database)
            #expect(ended.status == 1)
            #expect(ended.errors.contains("workflow \"order-7\" has ended (failed)"))
            let broken = try await Invocation.durable(
                "signal",
                "checkout-1002",
                "approval",
                "--payload",
                "{\"a\": ",
                on: database
            )
            #expect(broken.status == 2)
            #expect(broken.errors.contains("invalid input syntax for type json"))
            let nameless = try await Invocation.durable("signal", "checkout-1002", "", on: database)
            #expect(nameless.status == 2)
            #expect(try await connection.query("SELECT FROM durable.message").isEmpty)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableCompression
import DurableTesting
import Foundation
import Testing

/// Payloads that are encoded, seen by the command and by that of a service which has the codecs.
@Suite struct CodecTests {
    private struct Letter: Workflow {
        static let name = "letter"

        func run(_ text: String, in workflow: WorkflowContext) async throws -> String {
            try await workflow.step("print") { _ in String(repeating: "printed ", count: 100) }
        }
    }

    private static let text = String(repeating: "dear reader ", count: 100)

    private func withLetter(_ body: (TestDatabase) async throws -> Void) async throws {
        let options = try EngineOptions.testing.compressing()
        try await withTestDatabase { database in
            try await withTestEngine([Letter()], on: database, options: options) { test in
                _ = try await test.run(Letter.self, Self.text, id: "letter-1")
            }
            try await body(database)
        }
    }

    @Test func `a program of the service shows and exports clear text`() async throws {
        try await self.withLetter { database in
            for arguments in [["show", "letter-1", "--payloads"], ["export", "letter-1"]] {
                let run = try await Invocation.durable(
                    arguments,
                    on: database.connectionString,
                    program: "command-with-codecs"
                )
                #expect(run.status == 0, "\(run.errors)")
                #expect(run.output.contains("dear reader dear reader"), "\(arguments)")
                #expect(run.output.contains("printed printed"), "\(arguments)")
                #expect(!run.output.contains("$durable"), "\(arguments)")
                #expect(run.errors == "")
                _ = arguments[0] == "export" ? try JSONSerialization.jsonObject(with: Data(run.output.utf8)) : nil
            }
        }
    }

    @Test func `without codecs it says how payloads are encoded, and how they can be read`() async throws {
        try await self.withLetter { database in
            for arguments in [
                ["show", "letter-1", "--payloads"], ["show", "letter-1", "--payloads", "--json"],
                ["steps", "letter-1", "--payloads"], ["export", "letter-1"],
            ] {
                let run = try await Invocation.durable(arguments, on: database.connectionString)
                #expect(run.status == 0)
                #expect(
                    run.errors == """
                        payloads are encoded by deflate, and this program has no codecs: a program of the service that calls \
                        DurableCommand.main(codecs:) with its codecs reads them

                        """
                )
                #expect(!run.output.contains("dear reader"))
                #expect(run.output.contains("$durable"))
            }
            let plain = try await Invocation.durable("show", "letter-1", on: database)
            #expect(plain.errors == "")
        }
    }

    @Test func `a codec that the program does not have is named, and the rest is shown`() async throws {
        try await Samples.with { database, connection in
            try await connection.execute(
                """
                UPDATE durable.outcome SET output = '{"$durable":"encoded","by":"rot13 other:k1","value":"eA=="}'
                WHERE workflow_id = 'checkout-1001'
                """
            )
            let run = try await Invocation.durable(
                ["show", "checkout-1001", "--payloads"],
                on: database.connectionString,
                program: "command-with-codecs"
            )
            #expect(run.status == 0)
            #expect(run.output.contains("{\"id\":\"1001\",\"sku\":\"tea pot\"}"))
            #expect(run.errors.contains("it is encoded by rot13 other:k1, and this process has no codec other"))
        }
    }
}

extension EngineOptions {
    fileprivate func compressing() throws -> EngineOptions {
        var options = self
        options.codecs = try PayloadCodecs([DeflateCodec()])
        return options
    }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Durable

/// `durable export ID`: a workflow with all that it recorded, as one document.
struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a workflow, its journal and its outcome as JSON: the form that history replay reads.",
        discussion: "With all payloads: needs to read the tables (durable_runtime)."
    )

    @Argument(help: "The workflow's id.")
    var id: String

    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
        // By a session first: it knows more words for a schema that is missing.
        try await Session.with(self.database, isJSON: true) { session in
            let client = try DurableClient(
                database: self.database.configuration,
                schema: session.schema.name,
                connections: 1
            )
            defer { client.shutdown() }
            let json = try await client.export(self.id).json()
            // Both ends of a string's escapes mean the same: what a terminal could take for a command is escaped.
            try session.terminal.say(JSONLine.compact(String(decoding: json, as: UTF8.self), keepsSpace: true))
        }
    }
}

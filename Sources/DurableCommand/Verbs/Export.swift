// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable export ID`: a workflow with all that it recorded, as one document.
struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a workflow, its journal and its outcome as JSON: the form that history replay reads.",
        discussion: "With all payloads: needs durable_operator."
    )

    @Argument(help: "The workflow's id.")
    var id: String

    // Accepted, so that a script need not know which verb has another form besides.
    @Flag(name: .long, help: "Changes nothing: the document is JSON in any case.")
    var json = false

    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
        try await Session.with(self.database, isJSON: true) { session in
            let row = try await session.records(session.statements.export, [Parameter(self.id)]).first
            var reader = PayloadReader()
            let document = reader.clear(document: row?["document"].text ?? "")
            reader.report(to: session.terminal)
            // Both ends of a string's escapes mean the same: what a terminal could take for a command is escaped.
            try session.terminal.say(JSONLine.compact(document, keepsSpace: true))
        }
    }
}

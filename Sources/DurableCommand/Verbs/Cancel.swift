// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable cancel`: for workflows by id, or all that filters select.
struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Asks workflows to end: what they have done is undone, as their code says."
    )

    @OptionGroup var selection: Selection

    @Option(name: .long, help: "Why, for those who look later.")
    var reason = "by hand, with the durable command"

    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
        try await Session.with(self.database, isJSON: self.output.json) { session in
            let deed = Deed(
                verb: "cancel",
                states: ["queued", "running", "waiting", "paused"],
                asksForOne: true,
                sql: session.statements.cancel,
                parameters: [Parameter(self.reason)],
                reading: { value in
                    ["succeeded", "failed", "cancelled"].contains(value.words)
                        ? .refused("it has ended (\(value.words))") : .done(value.words)
                }
            )
            try await BulkRun(session: session, deed: deed, selection: self.selection).run()
        }
    }
}

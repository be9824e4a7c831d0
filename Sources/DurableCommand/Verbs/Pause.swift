// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable pause`: for workflows by id, or all that filters select.
struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Holds workflows until they are resumed.")

    @OptionGroup var selection: Selection

    @Option(name: .long, help: "Why, for those who look later.")
    var reason = "by hand, with the durable command"

    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
        try await Session.with(self.database, isJSON: self.output.json) { session in
            let deed = Deed(
                verb: "pause",
                states: ["queued", "running", "waiting"],
                asksForOne: true,
                sql: session.statements.pause,
                parameters: [Parameter(self.reason)],
                reading: { .done($0.words) }
            )
            try await BulkRun(session: session, deed: deed, selection: self.selection).run()
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable resume`: for workflows by id, or all that filters select.
struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lets paused workflows go on from their last checkpoint.")

    @OptionGroup var selection: Selection

    @Option(name: .long, help: "Why, for those who look later.")
    var reason = "by hand, with the durable command"

    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
        try await Session.with(self.database, isJSON: self.output.json) { session in
            let deed = Deed(
                verb: "resume",
                states: ["paused"],
                asksForOne: false,
                sql: session.statements.resume,
                parameters: [Parameter(self.reason)],
                reading: { _ in .done("resumed") }
            )
            try await BulkRun(session: session, deed: deed, selection: self.selection).run()
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable retry`: for workflows by id, or all that filters select.
struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lets failed workflows go on from the step that failed.")

    @OptionGroup var selection: Selection

    @Option(name: .long, help: "Why, for those who look later.")
    var reason = "by hand, with the durable command"

    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
        try await Session.with(self.database, isJSON: self.output.json) { session in
            let deed = Deed(
                verb: "retry",
                states: ["failed"],
                asksForOne: false,
                sql: session.statements.retry,
                parameters: [Parameter(self.reason)],
                reading: { value in
                    .done("queued again, \(value.words) record\(value.integer == 1 ? "" : "s") taken back")
                }
            )
            try await BulkRun(session: session, deed: deed, selection: self.selection).run()
        }
    }
}

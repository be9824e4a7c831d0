// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable delete`: ended workflows, with all that they have recorded.
struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Deletes ended workflows with all that they have recorded, and those that they have started.",
        discussion: "`durable export` keeps one as a file; `durable prune` deletes what is over by the policies."
    )

    @OptionGroup var selection: Selection

    @Option(name: .long, help: "Why, for those who look later.")
    var reason = "by hand, with the durable command"

    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
        try await Session.with(self.database, isJSON: self.output.json) { session in
            let deed = Deed(
                verb: "delete",
                states: ["succeeded", "failed", "cancelled"],
                asksForOne: true,
                sql: session.statements.delete,
                parameters: [Parameter(self.reason)],
                reading: { value in
                    let others = (value.integer ?? 1) - 1
                    return .done(others == 0 ? "deleted" : "deleted, and \(others) that it had started")
                }
            )
            try await BulkRun(session: session, deed: deed, selection: self.selection).run()
        }
    }
}

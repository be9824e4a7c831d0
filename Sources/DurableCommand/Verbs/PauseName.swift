// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable pause-name NAME`: stops a workflow type everywhere.
struct PauseName: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause-name",
        abstract: "Stops starts and resumes of a workflow type everywhere, across restarts: after a bad deploy.",
        discussion: "What runs now runs on; what is started is left queued. `durable resume-name` ends it."
    )

    @Argument(help: "The workflow type.")
    var name: String

    @Option(name: .long, help: "Why, for those who look later.")
    var reason = "by hand, with the durable command"

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
        try await Session.with(self.database, isJSON: self.output.json) { session in
            try session.terminal.confirm("pause every \(Printable.text(self.name))?", isConfirmed: self.yes)
            _ = try await session.records(session.statements.pauseName, [Parameter(self.name), Parameter(self.reason)])
            try session.report(self.name, "paused")
        }
    }
}

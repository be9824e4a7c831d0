// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable release-executor NUMBER`: declares a wedged process dead now.
struct ReleaseExecutor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release-executor",
        abstract: "Declares a wedged process dead now, whatever its lease.",
        discussion: """
            It can record nothing any more, and others take its workflows at their next sweep. Its number is that of \
            `durable executors`. Ends its database sessions: needs the right to do that.
            """
    )

    @Argument(help: "The process's number.")
    var number: Int32

    @Option(name: .long, help: "Why, for those who look later.")
    var reason = "by hand, with the durable command"

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
        try await Session.with(self.database, isJSON: self.output.json) { session in
            try session.terminal.confirm("declare executor \(self.number) dead?", isConfirmed: self.yes)
            let record = try await session.records(
                session.statements.releaseExecutor,
                [Parameter(self.number), Parameter(self.reason)]
            ).first
            try session.report("\(self.number)", "released, with \(Preview.count(record?["result"].integer ?? 0))")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable release-executor NUMBER`: declares a wedged process dead now.
struct ReleaseExecutor: Verb {
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

    @OptionGroup var why: Reason
    @OptionGroup var asking: Asking
    @OptionGroup var options: SessionOptions

    func run(in session: Session) async throws {
        try session.terminal.confirm("declare executor \(self.number) dead?", isConfirmed: self.asking.yes)
        let record = try await session.records(
            session.statements.releaseExecutor,
            [Parameter(self.number), Parameter(self.why.reason)]
        ).first
        try session.report("\(self.number)", "released, with \(Preview.count(record?["result"].integer ?? 0))")
    }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable pause-name NAME`: stops a workflow type everywhere.
struct PauseName: Verb {
    static let configuration = CommandConfiguration(
        commandName: "pause-name",
        abstract: "Stops starts and resumes of a workflow type everywhere, across restarts: after a bad deploy.",
        discussion: "What runs now runs on; what is started is left queued. `durable resume-name` ends it."
    )

    @Argument(help: "The workflow type.")
    var name: String

    @OptionGroup var why: Reason
    @OptionGroup var asking: Asking
    @OptionGroup var options: SessionOptions

    func run(in session: Session) async throws {
        try session.terminal.confirm("pause every \(Printable.text(self.name))?", isConfirmed: self.asking.yes)
        _ = try await session.records(session.statements.pauseName, [Parameter(self.name), Parameter(self.why.reason)])
        try session.report(self.name, "paused")
    }
}

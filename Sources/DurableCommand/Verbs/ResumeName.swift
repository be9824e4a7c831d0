// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable resume-name NAME`: lets a workflow type start and resume again.
struct ResumeName: Verb {
    static let configuration = CommandConfiguration(
        commandName: "resume-name",
        abstract: "Lets a workflow type that was paused start and resume again."
    )

    @Argument(help: "The workflow type.")
    var name: String

    @OptionGroup var why: Reason
    @OptionGroup var options: SessionOptions

    func run(in session: Session) async throws {
        let record = try await session.records(
            session.statements.resumeName,
            [Parameter(self.name), Parameter(self.why.reason)]
        )
        .first
        guard record?["result"] == .flag(true) else {
            throw CommandFailure(.failed, "workflow type \"\(self.name)\" was not paused")
        }
        await session.notify()
        try session.report(self.name, "resumed")
    }
}

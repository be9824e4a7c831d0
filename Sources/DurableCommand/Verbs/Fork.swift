// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable fork ID`: a copy that goes on from a step of the original.
struct Fork: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Starts a copy of a workflow that goes on from one of its steps.",
        discussion: """
            What stands before that step is taken over and not run again; what runs has new idempotency keys. Scope and \
            position are those of `durable steps`.
            """
    )

    @Argument(help: "The workflow's id.")
    var id: String

    @Option(name: .long, help: "The position of the first step that runs again, or is given a result.")
    var position: Int32

    @Option(name: .long, help: "The scope of that step.")
    var scope = ""

    @Option(
        name: .long,
        help: ArgumentHelp("Another input: JSON, @file, or - for the standard input.", valueName: "json")
    )
    var input: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What the step there has returned, so that the copy goes on behind it: JSON, @file, or - for the standard input.",
            valueName: "json"
        )
    )
    var result: String?

    @Option(name: .customLong("new-id"), help: "The id of the copy; else one is made up.")
    var newID: String?

    @OptionGroup var why: Reason
    @OptionGroup var options: SessionOptions

    func run(in session: Session) async throws {
        let input = try self.input.map { try Document.text(of: $0) }
        let result = try self.result.map { try Document.text(of: $0) }
        let record = try await session.records(
            session.statements.fork,
            [
                Parameter(self.id), Parameter(self.position), Parameter(self.scope), Parameter(self.newID),
                Parameter(input), Parameter(self.why.reason), Parameter(result),
            ]
        ).first
        await session.notify()
        try session.reportStarted(record?["result"].words ?? "", from: self.id)
    }
}

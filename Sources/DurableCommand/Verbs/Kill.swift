// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable kill ID`: ends a workflow without any clean-up.
struct Kill: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Ends a workflow at once, as cancelled, and undoes nothing.",
        discussion: "`durable cancel` is the gentle way."
    )

    @Argument(help: "The workflow's id.")
    var id: String

    @OptionGroup var why: Reason
    @OptionGroup var asking: Asking
    @OptionGroup var options: SessionOptions

    func run(in session: Session) async throws {
        let question = "kill \(Printable.text(self.id)), without undoing what it has done?"
        try session.terminal.confirm(question, isConfirmed: self.asking.yes)
        let record = try await session.records(
            session.statements.kill,
            [Parameter(self.id), Parameter(self.why.reason)]
        ).first
        await session.notify()
        try session.report(self.id, record?["result"].words ?? "")
    }
}

extension Session {
    /// Says what became of one workflow.
    func report(_ id: String, _ words: String) throws {
        guard !self.isJSON else {
            return try self.terminal.say(
                JSONLine.of(Record([("id", .text(id)), ("done", .flag(true)), ("result", .text(words))]))
            )
        }
        try self.terminal.say("\(Printable.text(id))  \(Printable.text(words))")
    }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable rerun ID`: the same once more, from the beginning.
struct Rerun: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Starts a workflow anew with the same input, under a new id.",
        discussion:
            "Every step runs again, under new idempotency keys: `durable retry` and `durable fork` keep what is recorded."
    )

    @Argument(help: "The workflow's id.")
    var id: String

    @Option(name: .customLong("new-id"), help: "The id of the new one; else one is made up.")
    var newID: String?

    @OptionGroup var why: Reason
    @OptionGroup var options: SessionOptions

    func run(in session: Session) async throws {
        let record = try await session.records(
            session.statements.rerun,
            [Parameter(self.id), Parameter(self.newID), Parameter(self.why.reason)]
        ).first
        await session.notify()
        try session.reportStarted(record?["result"].words ?? "", from: self.id)
    }
}

extension Session {
    /// Says under which id something was started.
    func reportStarted(_ id: String, from original: String) throws {
        guard !self.isJSON else {
            return try self.terminal.say(JSONLine.of(Record([("id", .text(id)), ("from", .text(original))])))
        }
        try self.terminal.say("started \(Printable.text(id))")
    }
}

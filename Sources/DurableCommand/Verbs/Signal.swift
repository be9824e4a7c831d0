// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable signal ID NAME`: sends a message to a workflow.
struct Signal: Verb {
    static let configuration = CommandConfiguration(abstract: "Sends a workflow a message.")

    @Argument(help: "The workflow's id.")
    var id: String

    @Argument(help: "The name under which the workflow receives it.")
    var name: String

    @Option(name: .long, help: ArgumentHelp("A JSON document, @file, or - for the standard input.", valueName: "json"))
    var payload: String?

    @Option(name: .long, help: "An idempotency key: a second message with the same one is not sent.")
    var key: String?

    @OptionGroup var options: SessionOptions

    func run(in session: Session) async throws {
        let payload = try self.payload.map { try Document.text(of: $0) }
        let record = try await session.records(
            session.statements.signal,
            [Parameter(self.id), Parameter(self.name), Parameter(payload), Parameter(self.key)]
        ).first
        await session.notify()
        let isSent = record?["sent"] == .flag(true)
        guard !session.isJSON else {
            let line = Record([("id", .text(self.id)), ("name", .text(self.name)), ("sent", .flag(isSent))])
            return try session.terminal.say(JSONLine.of(line))
        }
        let what = "\"\(Printable.text(self.name))\" to \(Printable.text(self.id))"
        try session.terminal.say(isSent ? "sent \(what)" : "not sent \(what): this key was used before")
    }
}

extension Session {
    /// Tells engines to look at once.
    ///
    /// Those that are not told look within a second: a failure is nobody's business.
    func notify() async { _ = try? await self.connection.query(Query(self.statements.notify)) }
}

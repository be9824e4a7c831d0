// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable start NAME`: starts a workflow for whichever process offers it.
struct Start: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Starts a workflow; a process that offers it takes it up.",
        discussion: "Starting an id again returns the same workflow."
    )

    @Argument(help: "The name of the workflow type.")
    var name: String

    @Option(name: .long, help: ArgumentHelp("Its input: JSON, @file, or - for the standard input.", valueName: "json"))
    var input: String?

    @Option(name: .long, help: "Its id; else one is made up.")
    var id: String?

    @Option(name: .long, help: "Its version; else the highest that a live process offers.")
    var version: Int32?

    @Option(name: .long, help: "Seconds until it may begin.")
    var delay = 0.0

    @Option(name: .long, help: "Higher goes first.")
    var priority: Int32 = 0

    @Option(name: .long, help: "The queue that it waits in.")
    var queue = "default"

    @Option(name: .long, help: ArgumentHelp("What it can be found by, as a JSON object.", valueName: "json"))
    var attributes: String?

    @Option(name: .long, help: "Seconds within which it has to end; else it has as long as it takes.")
    var timeout: Double?

    @Flag(name: .customLong("return-existing"), help: "An id that was started with another input is no error.")
    var returnExisting = false

    @OptionGroup var options: SessionOptions

    func validate() throws {
        guard self.delay >= 0, self.delay < 4e9 else { throw ValidationError("--delay must not be negative.") }
        guard self.timeout.map({ $0 > 0 && $0 < 4e9 }) ?? true else {
            throw ValidationError("--timeout must be more than 0.")
        }
    }

    func run(in session: Session) async throws {
        let input = try self.input.map { try Document.text(of: $0) }
        let record = try await session.records(
            session.statements.start,
            [
                Parameter(self.name), Parameter(input), Parameter(self.id), Parameter(self.version),
                Parameter(self.delay), Parameter(self.priority), Parameter(self.returnExisting),
                Parameter(self.queue), Parameter(self.attributes), Parameter(self.timeout),
            ]
        ).first
        await session.notify()
        guard let record else { throw CommandFailure(.failed, "the database gave no answer") }
        guard !session.isJSON else { return try session.terminal.say(JSONLine.of(record)) }
        let isNew = record["is_new"] == .flag(true)
        try session.terminal.say(
            "\(isNew ? "started" : "was started before:") \(Printable.text(record["id"].words))"
        )
    }
}

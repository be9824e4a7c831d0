// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable why ID`: one sentence, and the facts behind it.
struct Why: Verb {
    static let configuration = CommandConfiguration(abstract: "Says in a sentence why a workflow is where it is.")

    @Argument(help: "The workflow's id.")
    var id: String

    @OptionGroup var options: SessionOptions

    func run(in session: Session) async throws {
        guard let record = try await session.records(session.statements.why, [Parameter(self.id)]).first else {
            throw CommandFailure.noWorkflow(self.id)
        }
        guard !session.isJSON else { return try session.terminal.say(JSONLine.of(record)) }
        try session.terminal.say(Printable.text(record["sentence"].words))
    }
}

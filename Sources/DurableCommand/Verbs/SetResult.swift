// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable set-result ID`: what a step of a paused workflow is to have returned.
struct SetResult: Verb {
    static let configuration = CommandConfiguration(
        commandName: "set-result",
        abstract: "Records a result for a step of a paused workflow, as if the step had returned it.",
        discussion: """
            What the step has recorded, and what followed it, is taken back. Then `durable resume`. Scope and position are those \
            of `durable steps`; a step that has not begun needs its --name.
            """
    )

    @Argument(help: "The workflow's id.")
    var id: String

    @OptionGroup var place: StepPlace

    @Option(
        name: .long,
        help: ArgumentHelp("What it returned: JSON, @file, or - for the standard input.", valueName: "json")
    )
    var result: String

    @OptionGroup var asking: Asking
    @OptionGroup var options: SessionOptions

    func run(in session: Session) async throws {
        let result = try Document.text(of: self.result)
        let question =
            "set the result of \(self.place.words) of \(Printable.text(self.id)), and take back what followed?"
        try session.terminal.confirm(question, isConfirmed: self.asking.yes)
        _ = try await session.records(
            session.statements.setResult,
            [Parameter(self.id), Parameter(self.place.position), Parameter(result)] + self.place.others
        )
        try session.report(self.id, "set; it goes on with durable resume")
    }
}

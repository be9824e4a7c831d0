// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable skip ID`: a step of a paused workflow counts as done.
struct Skip: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Records of a step of a paused workflow that it is done and returned nothing.",
        discussion:
            "For steps without a result, or with an optional one; for others `durable set-result`. Then `durable resume`."
    )

    @Argument(help: "The workflow's id.")
    var id: String

    @OptionGroup var place: StepPlace

    @OptionGroup var asking: Asking
    @OptionGroup var options: SessionOptions

    func run(in session: Session) async throws {
        let question = "skip \(self.place.words) of \(Printable.text(self.id)), and take back what followed?"
        try session.terminal.confirm(question, isConfirmed: self.asking.yes)
        _ = try await session.records(
            session.statements.skip,
            [Parameter(self.id), Parameter(self.place.position)] + self.place.others
        )
        try session.report(self.id, "skipped; it goes on with durable resume")
    }
}

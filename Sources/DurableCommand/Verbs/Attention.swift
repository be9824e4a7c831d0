// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `durable attention`: what needs a person, worst first.
struct Attention: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Lists what needs a person, worst first, with what to type next.",
        discussion: "Says nothing needs you when all is well. With --check it ends with 1 when there is anything."
    )

    @Flag(name: .long, help: "End with 1 when there is anything, for monitoring.")
    var check = false

    @OptionGroup var options: SessionOptions

    func run(in session: Session) async throws {
        let rows = try await session.records(session.statements.attention)
        try session.print(rows, as: Self.listing, empty: "nothing needs you")
        guard self.check, !rows.isEmpty else { return }
        throw CommandFailure(.failed, "\(rows.count) need\(rows.count == 1 ? "s" : "") a person")
    }

    private static let listing = Listing([
        .number("SEVERITY", "severity"),
        .text("KIND", "kind"),
        .text("WORKFLOW", "workflow_id", yields: .last, optional: true),
        .text("NAME", "name", yields: .first, optional: true),
        .age("SINCE", "since", optional: true),
        .text("WHAT", "what", yields: .first),
        .text("TYPE THIS", "statement", yields: .last),
    ])
}

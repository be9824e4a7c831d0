// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable retention`: how long what is over is kept.
struct Retention: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Lists how long what is over is kept; with --keep or --drop it changes that.",
        discussion: """
            Of several policies that fit a workflow the one that names its type counts, then the one that names its outcome. What \
            none fits is kept. What is said here counts before the options of engines, until --drop. Intervals are Postgres's: `durable retention --keep '30 days' --outcome failed`.
            """
    )

    @Option(
        name: .long,
        help: ArgumentHelp("How long from the end, such as '30 days'; forever.", valueName: "interval")
    )
    var keep: String?

    @Flag(name: .long, help: "Take the policy away.")
    var drop = false

    @Option(name: .long, help: "Of this workflow type, or event.")
    var name = ""

    @Option(name: .long, help: "Of this outcome: succeeded, failed, cancelled.")
    var outcome = ""

    @Option(name: .long, help: "Of what: workflow, event, executor, audit.")
    var subject = "workflow"

    @OptionGroup var why: Reason
    @OptionGroup var asking: Asking
    @OptionGroup var options: SessionOptions

    func validate() throws {
        guard self.keep == nil || !self.drop else { throw ValidationError("Say either --keep or --drop.") }
    }

    func run(in session: Session) async throws {
        let about = [
            Parameter(self.name), Parameter(self.outcome), Parameter(self.subject), Parameter(self.why.reason),
        ]
        let words = [self.subject, self.name, self.outcome].filter { !$0.isEmpty }.joined(separator: " ")
        if let keep {
            let what = Printable.text(keep)
            try session.terminal.confirm("keep every \(Printable.text(words)) \(what)?", isConfirmed: self.asking.yes)
            let interval = Parameter(keep == "forever" ? nil : keep)
            let row = try await session.records(session.statements.setRetention, [interval] + about).first
            return try session.report(
                words,
                row?["result"] == .flag(true) ? "is kept \(what)" : "was kept \(what) before"
            )
        }
        if self.drop {
            let row = try await session.records(session.statements.dropRetention, about).first
            guard row?["result"] == .flag(true) else { throw CommandFailure(.failed, "there is no such policy") }
            return try session.report(words, "has no policy any more")
        }
        let policies = try await session.records(session.statements.retention)
        try session.print(policies, as: Self.listing, empty: "everything is kept")
    }

    private static let listing = Listing([
        .text("SUBJECT", "subject"), .text("NAME", "name", yields: .first, optional: true),
        .text("OUTCOME", "outcome", optional: true), .text("KEPT", "keep"),
        .words("BY", yields: .first) { record, _ in
            record["who"].words + (record["is_overridden"] == .flag(true) ? "" : " (an engine's options)")
        },
        .age("SINCE", "since"),
    ])
}

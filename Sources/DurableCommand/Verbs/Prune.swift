// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable prune`: deletes what the policies no longer keep.
struct Prune: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Deletes what is over by the policies of `durable retention`, batch by batch.",
        discussion: "Engines do this too, slowly. What has not ended is never touched."
    )

    @Flag(
        name: .customLong("dry-run"),
        help: "Only count what would go first: workflows without a parent, events, audit rows."
    )
    var dryRun = false

    @Option(name: .long, help: "How many rows are looked at in one transaction.")
    var batch: Int32 = 500

    @OptionGroup var asking: Asking
    @OptionGroup var options: SessionOptions

    func validate() throws {
        guard (1...10_000).contains(self.batch) else { throw ValidationError("--batch must be from 1 to 10000.") }
    }

    func run(in session: Session) async throws {
        let policies = try await session.records(session.statements.retention)
        guard !policies.isEmpty else {
            throw CommandFailure(.failed, "nothing is over: no policy says so. See durable retention --help")
        }
        if self.dryRun {
            let rows = try await session.records(session.statements.prunable)
            return try session.print(rows, as: Self.listing, empty: "nothing is over")
        }
        try session.terminal.confirm("delete what is over by \(policies.count) policies?", isConfirmed: self.asking.yes)
        var deleted: Int64 = 0
        while true {
            guard let row = try await session.records(session.statements.prune, [Parameter(self.batch)]).first
            else { return }
            guard row["result"].text != "busy" else {
                throw CommandFailure(.failed, "somebody else is at it; \(deleted) rows deleted before")
            }
            deleted += row["deleted"].integer ?? 0
            session.terminal.progress("prune: \(deleted) deleted")
            if row["result"].text == "done" { break }
        }
        session.terminal.progress("")
        guard !session.isJSON else {
            return try session.terminal.say(JSONLine.of(Record([("deleted", .integer(deleted))])))
        }
        try session.terminal.say("\(deleted) deleted")
    }

    private static let listing = Listing([
        .text("SUBJECT", "subject"), .text("NAME", "name", yields: .first, optional: true),
        .text("OUTCOME", "outcome", optional: true), .number("ROWS", "rows"), .age("OLDEST", "oldest"),
    ])
}

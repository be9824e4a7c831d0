// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable errors`: what workflows failed with or are paused over, like ones together.
struct Errors: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Groups the errors of failed and paused workflows by type and message.",
        discussion: "Numbers, ids and quoted words are left out of the comparison."
    )

    @Option(name: .long, help: "Only since then: 90s, 15m, 2h, 7d ago, or a time such as 2026-01-31T09:05:07Z.")
    var since: String?

    @Option(name: .long, help: "Only of this workflow type; may be given again.")
    var name: [String] = []

    @Option(name: .shortAndLong, help: "At most so many groups.")
    var limit = 50

    @OptionGroup var options: SessionOptions

    func validate() throws {
        guard self.limit >= 1 else { throw ValidationError("--limit must be at least 1.") }
        if let since, PointInTime(since) == nil {
            throw PointInTime.refusal(since)
        }
    }

    func run(in session: Session) async throws {
        let errors = try await session.records(
            session.statements.errors,
            [
                Parameter(self.since.flatMap { PointInTime($0) }?.time(at: session.now)),
                Parameter(self.name.isEmpty ? nil : self.name), Parameter(Int64(self.limit)),
            ]
        )
        try session.print(errors, as: Self.listing, empty: "no error")
    }

    private static let listing = Listing([
        .number("COUNT", "count"),
        .number("PAUSED", "paused", optional: true),
        .text("WORKFLOW", "name", yields: .first),
        .text("TYPE", "type", yields: .first),
        .text("MESSAGE", "message", yields: .first),
        .age("FIRST", "first_at"),
        .age("LAST", "last_at"),
        .text("FOR EXAMPLE", "example", yields: .first),
    ])
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable stats`: counts and sizes.
struct Stats: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Counts what is pending, and says how large the tables are."
    )

    @Flag(name: .long, help: "Count what has ended, instead of estimating it; reads the whole table.")
    var exact = false

    @OptionGroup var options: SessionOptions

    func run(in session: Session) async throws {
        var stats = try await session.records(session.statements.stats)
        if self.exact {
            stats.removeAll { $0["subject"].text == "ended" }
            stats += try await session.records(session.statements.endings)
        }
        try session.print(stats, as: Self.listing, empty: "nothing")
    }

    private static let listing = Listing([
        .text("SUBJECT", "subject"),
        .text("WHAT", "name"),
        Listing.Column(column: Table.Column(title: "VALUE", alignment: .right)) { record, _ in
            Table.Cell(Self.words(record["value"].real, unit: record["unit"].words))
        },
    ])

    /// A number in its unit, as people read it.
    static func words(_ value: Double?, unit: String) -> String {
        guard let value else { return "-" }
        switch unit {
        case "seconds": return Moment.span(value)
        case "bytes":
            var value = value
            for unit in ["B", "KiB", "MiB", "GiB"] {
                if value < 1024 { return "\(Int(value.rounded())) \(unit)" }
                value /= 1024
            }
            return "\((value * 10).rounded() / 10) TiB"
        default: return "\(Int64(value))"
        }
    }
}

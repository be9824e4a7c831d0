// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A time that a person names: `90s`, `15m`, `2h`, `7d` ago, or `2026-01-31T09:05:07Z`.
enum PointInTime: Hashable, Sendable {
    case ago(seconds: Int64)
    case at(PostgresTimestamp)

    /// - Returns: Nil for what is no such text.
    init?(_ text: String) {
        let factors: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
        if let unit = text.last, let factor = factors[unit], let count = Int64(text.dropLast()), count >= 0 {
            let (seconds, overflow) = count.multipliedReportingOverflow(by: factor)
            guard !overflow, seconds <= 10_000 * 365 * 86_400 else { return nil }
            self = .ago(seconds: seconds)
            return
        }
        let full =
            switch text.utf8.count {
            case 10: text + "T00:00:00Z"
            case 19: text.replacing(" ", with: "T") + "Z"
            default: text.replacing(" ", with: "T")
            }
        guard let date = try? Date(full, strategy: .iso8601), let microseconds = date.postgresMicroseconds else {
            return nil
        }
        self = .at(PostgresTimestamp(microseconds: microseconds))
    }

    /// What is said of a text that is no time.
    static func refusal(_ text: String) -> ValidationError {
        ValidationError("\"\(Printable.text(text))\" is no time. Write 15m, 2h, 7d, or 2026-01-31T09:05:07Z (UTC).")
    }

    /// The time itself.
    func time(at now: PostgresTimestamp) -> PostgresTimestamp {
        switch self {
        case .ago(let seconds): PostgresTimestamp(microseconds: now.microseconds - seconds * 1_000_000)
        case .at(let time): time
        }
    }
}

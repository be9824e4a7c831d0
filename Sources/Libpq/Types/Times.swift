// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Postgres counts from 2000-01-01 00:00 UTC: timestamps in microseconds, dates in days.
enum PostgresEpoch {
    /// Seconds from the reference date of Foundation (2001-01-01) back to it: 366 days.
    static let secondsBeforeReference = 31_622_400
    static let microsecondsPerSecond: Int64 = 1_000_000
    static let secondsPerDay = 86_400
}

extension Date {
    /// Microseconds since 2000-01-01 00:00 UTC, as Postgres counts, rounded to the nearest; nil outside of 292,000 years.
    public var postgresMicroseconds: Int64? {
        // Whole seconds and the rest apart: a Double holds both, but not their sum in microseconds.
        let whole = self.timeIntervalSinceReferenceDate.rounded(.down)
        let rest = ((self.timeIntervalSinceReferenceDate - whole) * 1_000_000).rounded()
        guard let seconds = Int64(exactly: whole) else { return nil }
        let (sum, sumOverflow) = seconds.addingReportingOverflow(Int64(PostgresEpoch.secondsBeforeReference))
        let (product, overflow) = sum.multipliedReportingOverflow(by: PostgresEpoch.microsecondsPerSecond)
        let (total, totalOverflow) = product.addingReportingOverflow(Int64(rest))
        return sumOverflow || overflow || totalOverflow ? nil : total
    }

    /// The date of a number of microseconds since 2000-01-01 00:00 UTC.
    public init(postgresMicroseconds microseconds: Int64) {
        let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: PostgresEpoch.microsecondsPerSecond)
        let whole = Double(seconds - Int64(PostgresEpoch.secondsBeforeReference))
        self.init(timeIntervalSinceReferenceDate: whole + Double(rest) / 1_000_000)
    }
}

extension Date: PostgresEncodable, PostgresDecodable {
    /// `timestamp with time zone`.
    public static var postgresType: PostgresType { .timestamptz }

    /// Appends microseconds since 2000-01-01.
    ///
    /// `distantPast` and `distantFuture` are dates like others, not infinities.
    public func encode(into bytes: inout [UInt8]) throws {
        guard let microseconds = self.postgresMicroseconds,
            // 4714-11-24 BC and 294277-01-01 AD, between which Postgres' timestamps lie.
            (-211_813_488_000_000_000..<9_223_371_331_200_000_000).contains(microseconds)
        else {
            throw PostgresError(.encoding, "the date is outside of what a timestamp can hold")
        }
        microseconds.appendBigEndian(to: &bytes)
    }

    /// Reads a `timestamptz`, a `timestamp` (taken as UTC) or a `date` (its midnight in UTC).
    ///
    /// An infinite one is an error.
    public static func decode(_ value: PostgresValue) throws -> Date {
        switch value.type {
        case .timestamptz, .timestamp:
            let microseconds = try value.integer(Int64.self)
            guard microseconds != .max, microseconds != .min else { throw self.infinity(value.type, microseconds > 0) }
            return Date(postgresMicroseconds: microseconds)
        case .date:
            let days = try value.integer(Int32.self)
            guard days != .max, days != .min else { throw self.infinity(value.type, days > 0) }
            let seconds = Int(days) * PostgresEpoch.secondsPerDay - PostgresEpoch.secondsBeforeReference
            return Date(timeIntervalSinceReferenceDate: Double(seconds))
        default:
            throw value.mismatch(Date.self)
        }
    }

    private static func infinity(_ type: PostgresType, _ isPositive: Bool) -> PostgresError {
        let words = isPositive ? "infinity" : "-infinity"
        return PostgresError(.decoding, "the \(type) is \(words), which is no Date; read it as PostgresTimestamp")
    }
}

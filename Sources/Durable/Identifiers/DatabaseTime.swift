// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// Points in time as Postgres sends them: microseconds since 2000-01-01 00:00:00 UTC.
package enum DatabaseTime {
    /// The first and the last time that a `timestamptz` holds (4714 BC to AD 294276); beyond lie its infinities.
    package static let range: ClosedRange<Int64> = -211_813_488_000_000_000...9_223_371_331_199_999_999

    /// What Postgres sends and takes for `infinity`.
    package static let infinity = Int64.max

    /// From 2000-01-01 to 2001-01-01, where `Date` begins, in seconds.
    private static let referenceDate = 31_622_400.0

    /// The date; exact for the centuries around now.
    package static func date(_ microseconds: Int64) -> Date {
        let (seconds, fraction) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return Date(timeIntervalSinceReferenceDate: Double(seconds) - self.referenceDate + Double(fraction) / 1e6)
    }

    /// The time of a date, to the nearest microsecond; the first or the last that there is for one that lies beyond, and for
    /// no number the first.
    package static func microseconds(_ date: Date) -> Int64 {
        let value = ((date.timeIntervalSinceReferenceDate + self.referenceDate) * 1e6).rounded()
        guard value > Double(self.range.lowerBound) else { return self.range.lowerBound }
        return value < Double(self.range.upperBound) ? Int64(value) : self.range.upperBound
    }

    /// A time plus a duration, not beyond what there is.
    package static func adding(_ duration: Duration, to microseconds: Int64) -> Int64 {
        let (sum, overflow) = microseconds.addingReportingOverflow(duration.inMicroseconds)
        if overflow { return duration < .zero ? self.range.lowerBound : self.range.upperBound }
        return min(max(sum, self.range.lowerBound), self.range.upperBound)
    }

    /// The time `duration` from `now`, for a duration that a user gave.
    ///
    /// - Parameter what: what it is for, in the error: `the sleep`.
    /// - Throws: `DurableError.invalidArgument` for a negative duration, and for one of more than 100 years.
    package static func due(after duration: Duration, now: Int64, as what: @autoclosure () -> String) throws -> Int64 {
        try self.check(duration, as: what())
        return self.adding(duration, to: now)
    }

    /// The time of a date that a user gave, which may have passed.
    ///
    /// - Throws: `DurableError.invalidArgument` for a date that is no finite number, and for one more than 100 years from now.
    package static func due(at date: Date, now: Int64, as what: @autoclosure () -> String) throws -> Int64 {
        let interval = date.timeIntervalSinceReferenceDate
        guard interval.isFinite else {
            throw IdentifierRules.invalid("The date of \(what()) is not finite (\(interval)).")
        }
        let time = self.microseconds(date)
        guard time <= self.adding(.longest, to: now) else {
            throw IdentifierRules.invalid("The date of \(what()) is more than 100 years from now.")
        }
        return time
    }

    /// Throws `DurableError.invalidArgument` for a negative duration, and for one of more than 100 years.
    package static func check(_ duration: Duration, as what: @autoclosure () -> String) throws {
        guard duration >= .zero else {
            throw IdentifierRules.invalid("The duration of \(what()) is negative (\(duration)).")
        }
        guard duration <= .longest else {
            throw IdentifierRules.invalid("The duration of \(what()) is more than 100 years (\(duration)).")
        }
    }
}

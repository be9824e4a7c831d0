// SPDX-License-Identifier: Apache-2.0

import Libpq

/// Times and spans, as people read them: in UTC, and relative to the database's clock.
enum Moment {
    /// `2026-01-31T09:05:07.250000Z`.
    static func iso(_ time: PostgresTimestamp) -> String {
        guard let parts = self.parts(of: time) else { return self.infinity(time) }
        let micros = self.digits(parts.microsecond, 6)
        return "\(parts.day)T\(parts.time).\(micros)Z"
    }

    /// `2026-01-31 09:05:07`.
    static func absolute(_ time: PostgresTimestamp) -> String {
        guard let parts = self.parts(of: time) else { return self.infinity(time) }
        return "\(parts.day) \(parts.time)"
    }

    /// `09:05:07.250`.
    static func timeOfDay(_ time: PostgresTimestamp) -> String {
        guard let parts = self.parts(of: time) else { return self.infinity(time) }
        return "\(parts.time).\(self.digits(parts.microsecond / 1000, 3))"
    }

    /// `5m ago`, `in 2h 5m`, `now`.
    static func relative(_ time: PostgresTimestamp, to now: PostgresTimestamp) -> String {
        guard !time.isInfinite, !now.isInfinite else { return self.infinity(time) }
        let (difference, overflow) = time.microseconds.subtractingReportingOverflow(now.microseconds)
        guard !overflow else { return self.infinity(time) }
        let seconds = Double(difference) / 1_000_000
        if abs(seconds) < 1 { return "now" }
        return seconds < 0 ? "\(self.whole(-seconds, parts: 1)) ago" : "in \(self.whole(seconds, parts: 2))"
    }

    /// `2026-01-31 09:05:07 UTC (5m ago)`.
    static func both(_ time: PostgresTimestamp, _ now: PostgresTimestamp) -> String {
        time.isInfinite ? self.infinity(time) : "\(self.absolute(time)) UTC (\(self.relative(time, to: now)))"
    }

    /// `350µs`, `12ms`, `1.25s`, `3m 5s`, `2h 5m`, `3d 4h`.
    static func span(_ seconds: Double) -> String {
        guard seconds.isFinite else { return "?" }
        guard seconds >= 0 else { return "-\(self.span(-seconds))" }
        if seconds < 0.000_999_5 { return "\(Int((seconds * 1_000_000).rounded()))µs" }
        if seconds < 0.999_5 { return "\(Int((seconds * 1000).rounded()))ms" }
        if seconds < 9.995 { return "\(self.fixed(seconds, decimals: 2))s" }
        if seconds < 59.95 { return "\(self.fixed(seconds, decimals: 1))s" }
        return self.whole(seconds, parts: 2)
    }

    private static func whole(_ seconds: Double, parts: Int) -> String {
        guard seconds < 1e15 else { return "ages" }
        var rest = Int64(seconds)
        var words: [String] = []
        for (length, letter) in [(86_400 as Int64, "d"), (3600, "h"), (60, "m"), (1, "s")] {
            let count = rest / length
            rest %= length
            if count > 0 {
                words.append("\(count)\(letter)")
            } else if !words.isEmpty {
                break
            }
            if words.count == parts { break }
        }
        return words.isEmpty ? "0s" : words.joined(separator: " ")
    }

    private static func fixed(_ number: Double, decimals: Int) -> String {
        let scale = decimals == 2 ? 100 : 10
        let scaled = Int((number * Double(scale)).rounded())
        return "\(scaled / scale).\(self.digits(Int64(scaled % scale), decimals))"
    }

    private static func infinity(_ time: PostgresTimestamp) -> String { time < .infinity ? "-infinity" : "infinity" }

    // MARK: - Calendar

    private static func parts(of time: PostgresTimestamp) -> (day: String, time: String, microsecond: Int64)? {
        guard !time.isInfinite else { return nil }
        let perSecond: Int64 = 1_000_000
        var (seconds, microsecond) = time.microseconds.quotientAndRemainder(dividingBy: perSecond)
        if microsecond < 0 {
            microsecond += perSecond
            seconds -= 1
        }
        var (day, second) = seconds.quotientAndRemainder(dividingBy: 86_400)
        if second < 0 {
            second += 86_400
            day -= 1
        }
        let clock =
            "\(self.digits(second / 3600, 2)):\(self.digits(second / 60 % 60, 2)):\(self.digits(second % 60, 2))"
        return (self.civil(day), clock, microsecond)
    }

    /// The date of a day that is counted from 2000-01-01.
    ///
    /// Years that begin in March put the leap day last; eras of 400 years repeat.
    private static func civil(_ day: Int64) -> String {
        let shifted = day + 730_425  // since 0000-03-01
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * month + 2) / 5 + 1
        let isNextYear = month >= 10
        let year = self.digits(yearOfEra + era * 400 + (isNextYear ? 1 : 0), 4)
        return "\(year)-\(self.digits(isNextYear ? month - 9 : month + 3, 2))-\(self.digits(dayOfMonth, 2))"
    }

    private static func digits(_ number: Int64, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
}

// SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// The longest duration that anything here accepts: 100 years of 365.25 days.
    package static let longest = Duration.seconds(100 * 31_557_600)

    /// In seconds, as precise as a `Double` is.
    var inSeconds: Double {
        let (seconds, attoseconds) = self.components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    /// In whole microseconds, towards zero, at most what `Int64` holds.
    package var inMicroseconds: Int64 {
        let (seconds, attoseconds) = self.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, overflow2) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        return overflow || overflow2 ? (seconds < 0 ? .min : .max) : sum
    }

    /// The time from `now` to `due` (both in microseconds), nothing if it has passed.
    package static func microseconds(due: Int64, now: Int64) -> Duration {
        guard due > now else { return .zero }
        let (left, overflow) = due.subtractingReportingOverflow(now)
        return .microseconds(overflow ? .max : left)
    }
}

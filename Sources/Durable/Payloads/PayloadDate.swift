// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The text of a `Date` in a payload: ISO 8601 in UTC with as many decimals as it takes to come back bit-exact.
///
/// A `Date` is a `Double` of seconds since 2001. Its shortest decimal text, which Swift reads back to the same bits, is split
/// into whole seconds, written as a calendar date, and the decimals, copied as they are. What has no such text (years outside
/// 1 to 9999, fractions below a ten-thousandth of a second next to 2001, negative zero) is written as that number instead.
enum PayloadDate {
    /// The ISO text, or nil where only the number is exact.
    static func text(_ date: Date) -> String? {
        let interval = date.timeIntervalSinceReferenceDate
        guard interval.isFinite, abs(interval) < 1e12, !(interval == 0 && interval.sign == .minus) else { return nil }
        let parts = interval.magnitude.description.utf8.split(
            separator: UInt8(ascii: "."),
            omittingEmptySubsequences: false
        )
        guard parts.count == 2, var whole = Int64(Substring(parts[0])) else { return nil }
        var decimals = parts[1].map { $0 }
        guard decimals.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else { return nil }
        if decimals == [UInt8(ascii: "0")] { decimals = [] }
        if interval < 0 { (whole, decimals) = self.negated(whole, decimals) }
        return CivilTime(secondsSinceReference: whole)?.text(decimals: decimals)
    }

    /// The date of an ISO text that `text(_:)` wrote, or of any other in UTC of the same form.
    static func date(_ text: String) -> Date? {
        guard let (time, decimals) = CivilTime.parse(text) else { return nil }
        var whole = time.secondsSinceReference
        var fraction = decimals
        let negative = whole < 0
        if negative { (whole, fraction) = self.negated(whole, fraction) }
        let digits = "\(whole).\(String(decoding: fraction, as: UTF8.self))0"
        guard let interval = Double(digits) else { return nil }
        return Date(timeIntervalSinceReferenceDate: negative ? -interval : interval)
    }

    /// The number `-(whole + 0.decimals)` in the same form: whole seconds rounded down, and decimals that are added to them.
    private static func negated(_ whole: Int64, _ decimals: [UInt8]) -> (Int64, [UInt8]) {
        guard let last = decimals.lastIndex(where: { $0 != UInt8(ascii: "0") }) else { return (-whole, decimals) }
        let zero = UInt8(ascii: "0")
        let complement = decimals.enumerated().map { index, digit in
            index < last ? zero + (9 - (digit - zero)) : index == last ? zero + (10 - (digit - zero)) : zero
        }
        return (-whole - 1, complement)
    }
}

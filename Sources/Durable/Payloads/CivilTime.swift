// SPDX-License-Identifier: Apache-2.0

/// A second of the Gregorian calendar in UTC, years 1 to 9999: calendar arithmetic without a calendar, a locale or a time zone.
struct CivilTime: Equatable {
    /// Whole seconds since 2001-01-01 00:00:00 UTC, leap seconds not counted.
    let secondsSinceReference: Int64

    private static let first: Int64 = -63_113_904_000  // 0001-01-01T00:00:00Z
    private static let end: Int64 = 252_423_993_600  // 10000-01-01T00:00:00Z
    private static let dayOfReference: Int64 = 730_791  // days from 0000-03-01 to 2001-01-01

    init?(secondsSinceReference: Int64) {
        guard (Self.first..<Self.end).contains(secondsSinceReference) else { return nil }
        self.secondsSinceReference = secondsSinceReference
    }

    /// `2026-01-31T09:05:07.25Z`, with the decimals as given.
    func text(decimals: [UInt8]) -> String {
        let second = self.secondsSinceReference
        let day = (second >= 0 ? second : second - 86_399) / 86_400
        let time = second - day * 86_400
        let (year, month, dayOfMonth) = Self.civil(day + Self.dayOfReference)
        var text = [UInt8]()
        text.reserveCapacity(32)
        func append(_ value: Int64, _ width: Int, _ separator: Unicode.Scalar) {
            let digits = [UInt8](String(value).utf8)
            text.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: width - digits.count))
            text.append(contentsOf: digits)
            text.append(UInt8(ascii: separator))
        }
        append(year, 4, "-")
        append(month, 2, "-")
        append(dayOfMonth, 2, "T")
        append(time / 3600, 2, ":")
        append(time / 60 % 60, 2, ":")
        append(time % 60, 2, decimals.isEmpty ? "Z" : ".")
        if !decimals.isEmpty {
            text.append(contentsOf: decimals)
            text.append(UInt8(ascii: "Z"))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The second and the decimals of a text of this form; nil for anything else.
    static func parse(_ text: String) -> (time: CivilTime, decimals: [UInt8])? {
        let bytes = [UInt8](text.utf8)
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z") else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            bytes[range].reduce(0 as Int64?) { sum, byte in
                guard let sum, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                return sum * 10 + Int64(byte - UInt8(ascii: "0"))
            }
        }
        for (index, mark) in [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")] as [(Int, Unicode.Scalar)]
        where bytes[index] != UInt8(ascii: mark) {
            return nil
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        let days = Self.days(year, month, day) - Self.dayOfReference
        guard let time = CivilTime(secondsSinceReference: days * 86_400 + hour * 3600 + minute * 60 + second),
            Self.civil(days + Self.dayOfReference) == (year, month, day)
        else { return nil }
        let decimals = [UInt8](bytes[19..<bytes.count - 1])
        guard let point = decimals.first else { return (time, []) }
        guard point == UInt8(ascii: "."), decimals.count > 1, decimals.count <= 40,
            decimals.dropFirst().allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return (time, [UInt8](decimals.dropFirst()))
    }

    // Years that begin in March put the leap day last, so that every month has a fixed offset; eras of 400 years repeat exactly.

    private static func civil(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let era = (day >= 0 ? day : day - 146_096) / 146_097
        let dayOfEra = day - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    }
}

// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// The wire format of `numeric`: digits to base 10,000, the power of the first one, a sign, and how many decimal digits to show.
struct NumericDigits {
    static let positive: UInt16 = 0x0000
    static let negative: UInt16 = 0x4000
    static let notANumber: UInt16 = 0xC000
    static let infinity: UInt16 = 0xD000
    static let negativeInfinity: UInt16 = 0xF000

    var sign = Self.positive
    /// The first digit counts 10,000 to this power.
    var weight = 0
    var scale = 0
    var digits: [UInt16] = []

    func append(to bytes: inout [UInt8]) {
        UInt16(clamping: self.digits.count).appendBigEndian(to: &bytes)
        Int16(clamping: self.weight).appendBigEndian(to: &bytes)
        self.sign.appendBigEndian(to: &bytes)
        UInt16(clamping: self.scale).appendBigEndian(to: &bytes)
        for digit in self.digits { digit.appendBigEndian(to: &bytes) }
    }

    init(sign: UInt16) { self.sign = sign }

    init(_ value: PostgresValue) throws {
        let count = Int(try value.integer(UInt16.self))
        self.weight = Int(try value.integer(Int16.self, at: 2))
        self.sign = try value.integer(UInt16.self, at: 4)
        self.scale = Int(try value.integer(UInt16.self, at: 6))
        for index in 0..<count { self.digits.append(try value.integer(UInt16.self, at: 8 + 2 * index)) }
    }

    /// From decimal digits (each 0 to 9) and the power of ten of the last one.
    init(decimal: [UInt8], exponent: Int, sign: UInt16) {
        self.sign = sign
        self.scale = max(0, -exponent)
        // Zeros behind, so that the last group of four ends at a power of 10,000.
        let padding = ((exponent % 4) + 4) % 4
        var decimal = decimal + Array(repeating: 0, count: padding)
        let lowest = (exponent - padding) / 4
        let front = (4 - decimal.count % 4) % 4
        decimal.insert(contentsOf: Array(repeating: 0, count: front), at: 0)
        var groups: [UInt16] = stride(from: 0, to: decimal.count, by: 4).map { start in
            decimal[start..<start + 4].reduce(0) { $0 * 10 + UInt16($1) }
        }
        self.weight = lowest + groups.count - 1
        while let first = groups.first, first == 0 {
            groups.removeFirst()
            self.weight -= 1
        }
        while let last = groups.last, last == 0 { groups.removeLast() }
        if groups.isEmpty { self.weight = 0 }
        self.digits = groups
    }
}

extension Decimal: PostgresEncodable, PostgresDecodable {
    /// `numeric`.
    public static var postgresType: PostgresType { .numeric }

    /// Appends the number; NaN is NaN in Postgres too.
    public func encode(into bytes: inout [UInt8]) {
        guard !self.isNaN else { return NumericDigits(sign: NumericDigits.notANumber).append(to: &bytes) }
        let sign = self.isSignMinus ? NumericDigits.negative : NumericDigits.positive
        let magnitude = self.significand
        // The description of an integral Decimal is its digits; the exponent is put back apart from them.
        let decimal = magnitude.description.utf8.compactMap { byte -> UInt8? in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? byte - UInt8(ascii: "0") : nil
        }
        NumericDigits(decimal: decimal, exponent: self.exponent, sign: sign).append(to: &bytes)
    }

    /// Reads a `numeric` or any integer.
    ///
    /// An infinite one is an error, and so is one with more digits than a `Decimal` holds (38): nothing is rounded.
    public static func decode(_ value: PostgresValue) throws -> Decimal {
        guard value.type == .numeric else {
            guard let integer = try? value.narrowed(to: Int64.self) else { throw value.mismatch(Decimal.self) }
            return Decimal(integer)
        }
        let numeric = try NumericDigits(value)
        switch numeric.sign {
        case NumericDigits.positive, NumericDigits.negative: break
        case NumericDigits.notANumber: return .nan
        case NumericDigits.infinity: throw PostgresError(.decoding, "the numeric is infinity, which is no Decimal")
        case NumericDigits.negativeInfinity:
            throw PostgresError(.decoding, "the numeric is -infinity, which is no Decimal")
        default: throw PostgresError(.decoding, "the numeric has an unknown sign")
        }
        guard !numeric.digits.isEmpty else { return .zero }
        var text = ""
        for digit in numeric.digits {
            let group = String(digit)
            text += String(repeating: "0", count: 4 - group.utf8.count) + group
        }
        // Zeros at the end of the last group would count against the digits that a Decimal holds.
        var exponent = 4 * (numeric.weight - numeric.digits.count + 1)
        while text.hasSuffix("0") {
            text.removeLast()
            exponent += 1
        }
        let significant = text.drop { $0 == "0" }.utf8.count
        guard significant <= 38, (-128...127).contains(exponent), let decimal = Decimal(string: text) else {
            throw PostgresError(.decoding, "the numeric has more digits than a Decimal holds; read it as text in SQL")
        }
        return Decimal(
            sign: numeric.sign == NumericDigits.negative ? .minus : .plus,
            exponent: exponent + decimal.exponent,
            significand: decimal.significand
        )
    }
}

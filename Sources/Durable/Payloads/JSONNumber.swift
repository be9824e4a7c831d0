// SPDX-License-Identifier: Apache-2.0

/// A JSON number as an exact decimal, digits times a power of ten, whatever its size.
struct JSONNumber {
    private let negative: Bool
    /// Without zeros at either end; empty for zero.
    private let digits: ArraySlice<UInt8>
    private let exponent: Int

    /// Reads a number; nil for anything that is none, or whose exponent does not fit an `Int`.
    init?(_ text: ArraySlice<UInt8>) {
        let zero = UInt8(ascii: "0")
        var rest = text
        func takeDigits() -> ArraySlice<UInt8> {
            let digits = rest.prefix { ($0 &- zero) < 10 }
            rest = rest.dropFirst(digits.count)
            return digits
        }
        self.negative = rest.first == UInt8(ascii: "-")
        if self.negative { rest = rest.dropFirst() }
        let whole = takeDigits()
        guard let first = whole.first, whole.count == 1 || first != zero else { return nil }
        var fraction = ArraySlice<UInt8>()
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            fraction = takeDigits()
            guard !fraction.isEmpty else { return nil }
        }
        var power = 0
        if let letter = rest.first {
            guard letter == UInt8(ascii: "e") || letter == UInt8(ascii: "E"),
                let value = Int(String(decoding: rest.dropFirst(), as: UTF8.self)), value.magnitude < 1 << 60
            else { return nil }
            power = value
        }
        let all = whole + fraction
        guard let start = all.firstIndex(where: { $0 != zero }), let end = all.lastIndex(where: { $0 != zero }) else {
            (self.digits, self.exponent) = ([], 0)
            return
        }
        self.digits = all[start...end]
        self.exponent = power - fraction.count + (all.endIndex - 1 - end)
    }

    func append(to output: inout [UInt8]) {
        guard !self.digits.isEmpty else { return output.append(UInt8(ascii: "0")) }
        if self.negative { output.append(UInt8(ascii: "-")) }
        output.append(contentsOf: self.digits)
        if (0...18).contains(self.exponent) {
            output.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: self.exponent))
        } else {
            output.append(UInt8(ascii: "e"))
            JSONText.append(self.exponent, to: &output)
        }
    }
}

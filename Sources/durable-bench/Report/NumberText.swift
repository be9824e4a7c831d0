// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Numbers as people read them.
enum NumberText {
    /// Three digits or so, with commas, and the unit.
    static func short(_ value: Double, _ unit: Reading.Unit) -> String {
        let number = self.number(value)
        return unit.rawValue.isEmpty ? number : "\(number) \(unit.rawValue)"
    }

    static func number(_ value: Double) -> String {
        let size = abs(value)
        if size >= 1_000 {
            // The last digits of a large number are noise.
            let step = pow(10, (log10(size)).rounded(.down) - 3)
            return self.grouped(Int((value / step).rounded() * step))
        }
        let digits = size >= 100 || value == value.rounded() ? 0 : size >= 10 ? 1 : 2
        return String(format: "%.\(digits)f", value)
    }

    private static func grouped(_ value: Int) -> String {
        var text = ""
        for (index, digit) in String(abs(value)).reversed().enumerated() {
            if index > 0, index.isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return (value < 0 ? "-" : "") + String(text.reversed())
    }
}

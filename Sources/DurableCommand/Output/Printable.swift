// SPDX-License-Identifier: Apache-2.0

/// Text that came from outside, made safe and measurable for a terminal.
enum Printable {
    /// The text on one line, in which nothing is left that moves the cursor, changes colours or reorders what is read.
    static func text(_ text: String) -> String {
        guard !text.unicodeScalars.allSatisfy({ self.isHarmless($0) }) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                if self.isHarmless(scalar) {
                    result.unicodeScalars.append(scalar)
                } else {
                    result += "\\u{" + String(scalar.value, radix: 16) + "}"
                }
            }
        }
        return result
    }

    /// Whether a scalar is only seen, and does nothing.
    static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: return false
        // Joiners make emoji and are needed in some scripts; the other ones hide or reorder text.
        case .format: return scalar.value == 0x200D || scalar.value == 0x200C
        default: return true
        }
    }

    /// How many cells of a terminal a text takes.
    static func width(_ text: String) -> Int {
        text.utf8.allSatisfy { $0 < 0x80 } ? text.utf8.count : text.reduce(0) { $0 + self.width($1) }
    }

    /// The text in at most so many cells; what is cut ends with `…`.
    static func cut(_ text: String, to width: Int) -> String {
        guard self.width(text) > width else { return text }
        guard width > 1 else { return width == 1 ? "…" : "" }
        var result = ""
        var room = width - 1
        for character in text {
            let needed = self.width(character)
            guard needed <= room else { break }
            result.append(character)
            room -= needed
        }
        return result + "…"
    }

    private static func width(_ character: Character) -> Int {
        character.unicodeScalars.reduce(0) { max($0, self.width($1)) }
    }

    private static func width(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF,
            0x20000...0x3FFFD:
            return 2
        default:
            return 1
        }
    }
}

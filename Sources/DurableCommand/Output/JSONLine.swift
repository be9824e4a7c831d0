// SPDX-License-Identifier: Apache-2.0

/// JSON on one line: an object per record, in the order of its columns.
enum JSONLine {
    /// A record as an object.
    static func of(_ record: Record) -> String {
        var line = "{"
        for (index, (name, value)) in zip(record.names, record.values).enumerated() {
            if index > 0 { line += "," }
            line += self.string(name) + ":" + self.of(value)
        }
        return line + "}"
    }

    /// Records as an array.
    static func array(_ records: [Record]) -> String {
        "[" + records.map { self.of($0) }.joined(separator: ",") + "]"
    }

    /// A value.
    static func of(_ value: Value) -> String {
        switch value {
        case .null: "null"
        case .text(let text): self.string(text)
        case .integer(let number): "\(number)"
        case .real(let number): number.isFinite ? "\(number)" : "null"
        case .flag(let flag): flag ? "true" : "false"
        case .time(let time): self.string(Moment.iso(time))
        case .json(let text): self.compact(text)
        }
    }

    /// A string, in which nothing is left that a terminal could take for a command.
    static func string(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                if Printable.isHarmless(scalar) {
                    result.unicodeScalars.append(scalar)
                } else {
                    result += self.escape(scalar)
                }
            }
        }
        return result + "\""
    }

    /// A document without the white space between its parts.
    ///
    /// Inside of strings, what is no plain character is escaped; the values stay the same.
    ///
    /// - Parameter keepsSpace: Leaves the white space where it is.
    static func compact(_ json: String, keepsSpace: Bool = false) -> String {
        var result = ""
        var isInString = false
        var isEscaped = false
        for scalar in json.unicodeScalars {
            if isInString {
                if Printable.isHarmless(scalar) {
                    result.unicodeScalars.append(scalar)
                } else {
                    result += self.escape(scalar)
                }
                if isEscaped {
                    isEscaped = false
                } else if scalar == "\\" {
                    isEscaped = true
                } else if scalar == "\"" {
                    isInString = false
                }
            } else if keepsSpace || !Self.whitespace.contains(scalar) {
                result.unicodeScalars.append(scalar)
                isInString = scalar == "\""
            }
        }
        return result
    }

    private static let whitespace: Set<Unicode.Scalar> = [" ", "\n", "\r", "\t"]

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        String(scalar).utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
    }
}

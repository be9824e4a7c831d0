// SPDX-License-Identifier: Apache-2.0

/// A type's name as it is recorded: with its module, and the same in every process.
///
/// Swift writes private types as `Shop.(Refused in _5C2F…)` and local ones as `Shop.(unknown context at $10f…).Refused`, the latter
/// with an address that differs from run to run; both are recorded as `Shop.Refused`.
struct TypeName: CustomStringConvertible {
    let description: String

    init(_ type: Any.Type) {
        var text = String(reflecting: type)
        while let open = text.range(of: "(unknown context at "), let close = text[open.upperBound...].range(of: ").") {
            text.removeSubrange(open.lowerBound..<close.upperBound)
        }
        while let infix = text.range(of: " in _"), let open = text[..<infix.lowerBound].lastIndex(of: "("),
            let close = text[infix.upperBound...].firstIndex(of: ")")
        {
            text.removeSubrange(infix.lowerBound...close)
            text.remove(at: open)
        }
        self.description = text
    }
}

extension StringProtocol {
    fileprivate func range(of part: String) -> Range<Index>? { self.firstRange(of: part) }
}

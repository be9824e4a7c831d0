// SPDX-License-Identifier: Apache-2.0

/// A coding path as people write it: `order.lines[3].price`.
struct PayloadPath: CustomStringConvertible {
    let description: String

    init(_ keys: some Sequence<any CodingKey>) {
        var text = ""
        for key in keys {
            // An array's key is a number and nothing else; a dictionary with integer keys has the same shape, and reads as well.
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
        self.description = text
    }

    /// The path, or the words for a value that has none because it is the whole payload.
    var orWhole: String { self.description.isEmpty ? "the value" : self.description }
}

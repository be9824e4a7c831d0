// SPDX-License-Identifier: Apache-2.0

/// The place of an element in an array, in a coding path.
struct JSONIndexKey: CodingKey {
    let index: Int

    init(_ index: Int) { self.index = index }
    init?(intValue: Int) { self.index = intValue }
    init?(stringValue: String) { nil }

    var intValue: Int? { self.index }
    var stringValue: String { "Index \(self.index)" }
}

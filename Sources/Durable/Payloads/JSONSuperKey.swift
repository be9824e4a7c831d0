// SPDX-License-Identifier: Apache-2.0

/// The key under which a class leaves what its superclass encodes, as Foundation names it.
struct JSONSuperKey: CodingKey {
    init() {}
    init?(intValue: Int) { nil }
    init?(stringValue: String) { nil }

    var intValue: Int? { nil }
    var stringValue: String { "super" }
}

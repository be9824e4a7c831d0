// SPDX-License-Identifier: Apache-2.0

/// A container that is open while its value is encoded.
struct JSONFrame {
    enum Kind { case object, array }

    let kind: Kind
    /// Where its bracket is.
    let start: Int
    /// The first of its fields in the writer's list.
    let fields: Int
    /// How many fields or elements it has.
    var count = 0
    /// Whether the fields came in the order of their keys, none twice.
    var sorted = true
    /// Why its value cannot be written, found where nothing can be thrown.
    var problem: JSONProblem?
}

// SPDX-License-Identifier: Apache-2.0

/// Why a value cannot be written as JSON.
///
/// The end of the sentence that begins with its path. It never holds the value of a field that could matter to
/// anyone.
struct JSONProblem: Error, CustomStringConvertible {
    let description: String

    static func notFinite(_ value: some BinaryFloatingPoint) -> JSONProblem {
        JSONProblem(description: value.isNaN ? "is not a number (nan)" : "is infinite (\(value < 0 ? "-inf" : "inf"))")
    }

    static let tooDeep = JSONProblem(description: "is nested too deep (more than \(JSONWriter.maximumDepth) levels)")
    static let severalContainers = JSONProblem(
        description: "writes itself in two forms at once (its encode(to:) asked for containers of two kinds)"
    )
    static let severalValues = JSONProblem(
        description: "writes itself twice (its encode(to:) encoded more than one value without a container)"
    )
}

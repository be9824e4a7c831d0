// SPDX-License-Identifier: Apache-2.0

/// A measurement that cannot be believed.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

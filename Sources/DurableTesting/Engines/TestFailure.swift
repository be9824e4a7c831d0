// SPDX-License-Identifier: Apache-2.0

/// Why a test fails, in words: thrown by the testing kit, and reported by Swift Testing and XCTest alike.
public struct TestFailure: Error, CustomStringConvertible {
    /// What was expected, what came, and what is known of it.
    public var description: String

    init(_ description: String) { self.description = description }

    init(_ description: String, _ file: StaticString, _ line: UInt) {
        self.description = "\(file):\(line): \(description)"
    }
}

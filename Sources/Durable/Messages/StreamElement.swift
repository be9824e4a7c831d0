// SPDX-License-Identifier: Apache-2.0

/// One element of a stream, with its position.
public struct StreamElement<Value: Sendable>: Sendable {
    /// Where it stands: hand it to a reader as `after`, and it goes on behind.
    ///
    /// Grows from element to element.
    public let position: Int64
    /// What was appended.
    public let value: Value
}

// SPDX-License-Identifier: Apache-2.0

/// A value that a workflow publishes: one name and one type, declared once and shared by the workflow and who asks for it.
///
/// ```swift
/// extension PublishedValue where Value == Double {
///     static let progress = PublishedValue("progress")
/// }
///
/// try await workflow.publish(.progress, 0.5)
/// let progress = try await engine.value(.progress, of: "import-7")
/// ```
public struct PublishedValue<Value: Codable & Sendable>: Sendable, Hashable {
    /// The name, 1 to 128 bytes.
    public let name: String

    /// Declares a value.
    ///
    /// - Parameter name: What it is called in the database; 1 to 128 bytes.
    public init(_ name: String) { self.name = name }
}

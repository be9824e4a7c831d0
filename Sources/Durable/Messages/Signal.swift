// SPDX-License-Identifier: Apache-2.0

/// A signal that a workflow receives: one name and one type, declared once and shared by who sends and who receives.
///
/// ```swift
/// extension Signal where Payload == Approval {
///     static let approval = Signal("approval")
/// }
///
/// try await engine.signal("order-1", .approval, Approval(by: "Ada"))             // outside
/// let approval = try await workflow.receive(.approval, within: .seconds(3600))   // in the workflow
/// ```
public struct Signal<Payload: Codable & Sendable>: Sendable, Hashable {
    /// The name, 1 to 128 bytes.
    public let name: String

    /// Declares a signal.
    ///
    /// - Parameter name: What it is called in messages, views and the SQL function; 1 to 128 bytes.
    public init(_ name: String) { self.name = name }
}

// SPDX-License-Identifier: Apache-2.0

/// An event: one name and one type, declared once and shared by who publishes and who waits.
///
/// ```swift
/// extension Event where Payload == Payment {
///     static let paid = Event("payment.received")
/// }
///
/// try await engine.publish(.paid, payment, key: payment.order)
/// let payment = try await workflow.waitForEvent(.paid, key: order.id, within: .seconds(3600))
/// ```
public struct Event<Payload: Codable & Sendable>: Sendable, Hashable {
    /// The name, 1 to 128 bytes.
    public let name: String

    /// Declares an event.
    ///
    /// - Parameter name: What it is called in the database; 1 to 128 bytes.
    public init(_ name: String) { self.name = name }
}

// SPDX-License-Identifier: Apache-2.0

/// A request that a running workflow answers: one name, what is asked, and what is answered.
///
/// ```swift
/// extension Update where Request == Address, Response == Order {
///     static let address = Update("change-address")
/// }
///
/// let order = try await engine.update("order-1", .address, address, id: "web-4711")      // outside
/// try await workflow.answer(.address) { address, workflow in try await self.move(to: address, in: workflow) }
/// ```
public struct Update<Request: Codable & Sendable, Response: Codable & Sendable>: Sendable, Hashable {
    /// The name, 1 to 100 bytes.
    public let name: String

    /// Declares an update.
    ///
    /// - Parameter name: What it is called in the database; 1 to 100 bytes.
    public init(_ name: String) { self.name = name }

    /// The name of the message that brings it.
    var message: String { "update \(self.name)" }

    func check() throws {
        try IdentifierRules.check(name: self.name, of: .update)
        guard self.name.utf8.count <= 100 else {
            throw IdentifierRules.invalid("The update name has \(self.name.utf8.count) bytes; the limit is 100.")
        }
    }
}

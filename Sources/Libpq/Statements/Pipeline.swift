// SPDX-License-Identifier: Apache-2.0

/// Statements that travel together, in one round trip.
///
/// They are one transaction that commits when the last has succeeded, unless one of them is a `BEGIN`. If one fails, those
/// behind it are not run.
public struct Pipeline: Sendable {
    /// The statements, in their order.
    public let statements: [Statement]

    /// A pipeline of these statements.
    public init(_ statements: [Statement]) { self.statements = statements }
}

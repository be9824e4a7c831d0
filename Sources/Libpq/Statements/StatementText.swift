// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The text of a statement that is prepared once per connection.
///
/// Declare it as a `static let`: it is told from others by its identity, so that using it costs no look-up by text.
public final class StatementText: Sendable {
    private static let lastID = Atomic<Int>(0)

    /// The SQL, with `$1`, `$2` … for the parameters.
    public let sql: String
    /// The types of the parameters; where it is empty, those of the parameters at first use.
    public let types: [PostgresType]
    /// Unique in the process, also after this object is gone.
    let id: Int

    /// A statement's text.
    public init(_ sql: String, types: [PostgresType] = []) {
        self.sql = sql
        self.types = types
        self.id = Self.lastID.add(1, ordering: .relaxed).newValue
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Whether statements are prepared on the server.
public enum StatementCache: Hashable, Sendable {
    /// Each text is prepared once per connection. At most `limit` query texts are kept; `StatementText`s do not count.
    case named(limit: Int)
    /// Nothing is kept on the server, for PgBouncer before 1.21 in transaction mode.
    case disabled
}

// SPDX-License-Identifier: Apache-2.0

/// What a transaction sees of others.
public enum PostgresIsolation: String, Hashable, Sendable, CaseIterable {
    /// Each statement sees what was committed before it began.
    case readCommitted = "READ COMMITTED"
    /// The whole transaction sees one moment; a write that collides fails with 40001.
    case repeatableRead = "REPEATABLE READ"
    /// As if transactions ran one after the other; what does not fit fails with 40001.
    case serializable = "SERIALIZABLE"
}

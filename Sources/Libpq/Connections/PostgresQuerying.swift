// SPDX-License-Identifier: Apache-2.0

/// Something that runs single statements: a pool, a connection, a transaction.
public protocol PostgresQuerying {
    /// Runs a statement and returns its rows.
    func query(_ query: Query) async throws -> Rows
    /// Runs a statement and returns how many rows it changed.
    @discardableResult
    func execute(_ query: Query) async throws -> Int
}

extension PostgresConnection: PostgresQuerying {
    /// Runs a statement and returns its rows.
    public func query(_ query: Query) async throws(PostgresError) -> Rows {
        try await self.run(Pipeline([Statement(query)])).first?.rows ?? Rows(nil)
    }

    /// Runs a statement and returns how many rows it changed.
    @discardableResult
    public func execute(_ query: Query) async throws(PostgresError) -> Int {
        try await self.run(Pipeline([Statement(query)])).first?.affected ?? 0
    }
}

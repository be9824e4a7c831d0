// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A bounded number of connections that callers share.
///
/// Connections are opened when they are needed. One that broke, or that its user left in a transaction, is replaced. While the server cannot
/// be reached callers wait, up to the acquire timeout.
public final class PostgresPool: Sendable {
    let core: PoolCore

    /// A pool; nothing is opened yet, unless the options ask for a minimum.
    public init(
        _ configuration: PostgresConfiguration,
        options: PostgresPoolOptions = PostgresPoolOptions(),
        on poller: Poller = .shared
    ) {
        self.core = PoolCore(configuration, options, poller)
        self.core.start()
    }

    deinit { self.core.shutdown() }

    /// Hands a connection to `body`, for as long as it runs.
    ///
    /// What `body` sets on the session stays set. A transaction that it leaves open is rolled back, by closing the connection.
    ///
    /// - Throws: `poolTimeout` if none became free in time, saying how many are in use and why no other could be opened; `poolShutdown`;
    ///   `cancelled`; what `body` threw.
    public func withConnection<R>(_ body: (PostgresConnection) async throws -> R) async throws -> R {
        let connection = try await self.core.acquire()
        defer { self.core.release(connection) }
        return try await body(connection)
    }

    /// Runs `body` in a transaction on a connection of the pool.
    ///
    /// See ``PostgresConnection/withTransaction(isolation:readOnly:retries:deadline:_:)``.
    public func withTransaction<R>(
        isolation: PostgresIsolation = .readCommitted,
        readOnly: Bool = false,
        retries: Int = 3,
        deadline: Duration? = nil,
        _ body: (PostgresTransaction) async throws -> R
    ) async throws -> R {
        try await self.withConnection { connection in
            try await connection.withTransaction(
                isolation: isolation,
                readOnly: readOnly,
                retries: retries,
                deadline: deadline,
                body
            )
        }
    }

    /// Runs a pipeline on a connection of the pool.
    ///
    /// See ``PostgresConnection/run(_:deadline:)``.
    @discardableResult
    public func run(_ pipeline: Pipeline, deadline: Duration? = nil) async throws -> [StatementResult] {
        try await self.withConnection { try await $0.run(pipeline, deadline: deadline) }
    }

    /// Closes idle connections at once and the others when they are returned; whoever waits, or comes later, gets `poolShutdown`.
    public func shutdown() { self.core.shutdown() }

    /// How many connections are in use, lie idle, and how many callers wait.
    public var usage: (inUse: Int, idle: Int, waiting: Int) { self.core.usage }
}

extension PostgresPool: PostgresQuerying {
    /// Runs a statement on a connection of the pool and returns its rows.
    public func query(_ query: Query) async throws -> Rows {
        try await self.withConnection { try await $0.query(query) }
    }

    /// Runs a statement on a connection of the pool and returns how many rows it changed.
    @discardableResult
    public func execute(_ query: Query) async throws -> Int {
        try await self.withConnection { try await $0.execute(query) }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// How to reach a database, and how connections behave.
///
/// The string is whatever libpq takes: keywords (`host=db dbname=shop sslmode=verify-full`), a URI
/// (`postgresql://shop@db1,db2/shop?target_session_attrs=primary`), or nothing, which leaves it all to the `PG*` variables, the service
/// file and the password file.
public struct PostgresConfiguration: Sendable {
    /// The libpq connection string.
    ///
    /// It may hold a password; nothing of it is ever printed.
    public var connectionString: String
    /// How long one server may take to accept a connection, name resolution and TLS included.
    ///
    /// 10 seconds. With several hosts each one is given so much. `connect_timeout` in the string, or
    /// `PGCONNECT_TIMEOUT`, overrides it.
    public var connectTimeout: Duration = .seconds(10)
    /// How long one request may take when the call names no deadline.
    ///
    /// When it passes the connection is closed. Nil: as long as it takes.
    public var requestTimeout: Duration?
    /// Settings of the session, `SET` right after connecting, in alphabetical order.
    public var settings: [String: String] = [:]
    /// Whether statements are prepared on the server.
    public var statementCache: StatementCache = .named(limit: 256)
    /// The application name that the server shows, unless the string or `PGAPPNAME` gives one.
    public var applicationName = "swift-durable"
    /// Told of every pipeline, before it is sent and when it is over.
    ///
    /// For tests and tools.
    public var observer: (@Sendable (StatementEvent) -> Void)?
    /// What can cut every connection of this configuration at once.
    package var gate: ConnectionGate?

    /// A configuration of a connection string.
    public init(_ connectionString: String = "") { self.connectionString = connectionString }

    /// The `PG*` variables, the service file and the password file.
    public static var environment: PostgresConfiguration { PostgresConfiguration() }
}

extension PostgresConfiguration: CustomStringConvertible, CustomReflectable {
    /// Without the connection string, which may hold a password.
    public var description: String { "PostgresConfiguration(…)" }

    /// Without the connection string, which may hold a password.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

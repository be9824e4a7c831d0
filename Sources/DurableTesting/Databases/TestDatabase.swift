// SPDX-License-Identifier: Apache-2.0

import Durable
public import Libpq
import Synchronization
import TemporaryPostgres

/// A throw-away database with the schema in it, on a private Postgres that ends with the process.
///
/// The first call of a process starts the server and migrates a template; each database after that is a copy and costs tens
/// of milliseconds. With the environment variable `DURABLE_TEST_POSTGRES` set to a connection string of a superuser that
/// server is used instead, and none is started; what a test run that was killed has left there, the next one drops.
///
/// ```swift
/// @Test func `the order is charged once`() async throws {
///     try await withTestDatabase { database in
///         try await database.execute("CREATE TABLE reservation (order_id text)")
///         let connection = try await PostgresConnection.connect(database.configuration)
///         defer { connection.close() }
///         let rows = try await connection.query("SELECT count(*) FROM reservation")
///         #expect(try rows.first?.decode(0, as: Int.self) == 0)
///     }
/// }
/// ```
public struct TestDatabase: Sendable {
    /// Its name on the server.
    public let name: String
    /// A libpq connection string, as a superuser.
    public let connectionString: String

    private let server: TemporaryPostgres

    private static let template = Mutex<Task<String, any Error>?>(nil)

    /// A configuration of the connection string.
    public var configuration: PostgresConfiguration { .patient(self.connectionString) }

    private init(name: String, server: TemporaryPostgres) {
        self.name = name
        self.server = server
        self.connectionString = server.connectionString(database: name)
    }

    /// Makes a database with the schema `durable`.
    ///
    /// Whoever makes it drops it; see ``withTestDatabase(_:)``.
    ///
    /// - Throws: when no Postgres server is installed, or it cannot start; the words say why.
    public static func make() async throws -> TestDatabase {
        let server = try await TemporaryPostgres.shared()
        let template = try await self.migratedTemplate(on: server)
        // With the driver rather than with psql: starting a program costs as much as copying the template.
        let name = try await TestRun.shared.databaseName(on: server)
        try await self.administer(
            "CREATE DATABASE \(identifier: name) TEMPLATE \(identifier: template)",
            on: server
        )
        return TestDatabase(name: name, server: server)
    }

    /// Makes a copy of another one, to which nobody may be connected.
    static func make(copying source: TestDatabase) async throws -> TestDatabase {
        let name = try await TestRun.shared.databaseName(on: source.server)
        var tries = 0
        while true {
            do {
                try await self.administer(
                    "CREATE DATABASE \(identifier: name) TEMPLATE \(identifier: source.name)",
                    on: source.server
                )
                return TestDatabase(name: name, server: source.server)
            } catch let error as PostgresError where error.sqlState == "55006" && tries < 100 {
                // A session that was closed takes a moment to go.
                tries += 1
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// Runs a statement in it, as a superuser: what makes the service's own tables.
    public func execute(_ query: Query) async throws {
        let connection = try await PostgresConnection.connect(self.configuration)
        defer { connection.close() }
        try await connection.execute(query)
    }

    /// Makes an empty database.
    ///
    /// - Parameter options: What follows the name in `CREATE DATABASE`, such as `ENCODING 'LATIN1' TEMPLATE template0`.
    public static func makeEmpty(options: String = "") async throws -> TestDatabase {
        let server = try await TemporaryPostgres.shared()
        return TestDatabase(name: try await server.createDatabase(options: options), server: server)
    }

    /// Drops it, and ends the sessions that are still in it.
    public func drop() async throws {
        try await Self.administer("DROP DATABASE IF EXISTS \(identifier: self.name) WITH (FORCE)", on: self.server)
    }

    private static func administer(_ query: Query, on server: TemporaryPostgres) async throws {
        let connection = try await PostgresConnection.connect(.patient(server.connectionString()))
        defer { connection.close() }
        try await connection.execute(query)
    }

    /// One template per text of the migrations, made by the first who needs it.
    private static func migratedTemplate(on server: TemporaryPostgres) async throws -> String {
        let task = self.template.withLock { template in
            if let template { return template }
            let task = Task { try await self.makeTemplate(on: server) }
            template = task
            return task
        }
        return try await task.value
    }

    private static func makeTemplate(on server: TemporaryPostgres) async throws -> String {
        let name = "durable_template_" + (try Migration.all()).map(\.checksum).joined().suffix(40)
        func exists() async throws -> Bool {
            try await !server.administer("SELECT 1 FROM pg_database WHERE datname = '\(name)'").isEmpty
        }
        if try await exists() { return name }
        let database = try await server.createDatabase()
        try await SchemaMigrator().prepare(.patient(server.connectionString(database: database)))
        do {
            // The new name says that it is complete.
            try await server.administer("ALTER DATABASE \"\(database)\" RENAME TO \"\(name)\"")
        } catch {
            try await server.dropDatabase(database)
            guard try await exists() else { throw error }
        }
        return name
    }
}

/// Runs the body with a migrated database of its own and drops that afterwards, whether the body throws or not.
///
/// At most eight tests of a process have one at a time; the others wait for their turn.
///
/// - Throws: what the body throws; or why no database could be made.
public func withTestDatabase<R>(
    _ body: nonisolated(nonsending) (TestDatabase) async throws -> R
) async throws -> R {
    try await DatabaseTurns.shared.take {
        let database = try await TestDatabase.make()
        let result: R
        do {
            result = try await body(database)
        } catch {
            try? await database.drop()
            throw error
        }
        try await database.drop()
        return result
    }
}

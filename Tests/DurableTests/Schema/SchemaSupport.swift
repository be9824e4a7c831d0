// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Libpq

@testable import Durable

/// Runs the body with an empty database, dropped afterwards.
func withEmptyDatabase(
    options: String = "",
    _ body: (TestDatabase) async throws -> Void
) async throws {
    let database = try await TestDatabase.makeEmpty(options: options)
    do {
        try await body(database)
    } catch {
        try? await database.drop()
        throw error
    }
    try await database.drop()
}

/// The path of a file in `sql/migrations`.
func migrationFile(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../sql/migrations/\(name)").standardizedFileURL.path
}

extension TestDatabase {
    /// A configuration for another role.
    func configuration(role: String) -> PostgresConfiguration {
        // Of two equal keywords libpq takes the later one, in a URI as well.
        let isURI = self.connectionString.contains("://")
        let separator = isURI ? (self.connectionString.contains("?") ? "&" : "?") : " "
        return PostgresConfiguration("\(self.connectionString)\(separator)user=\(role)")
    }
}

/// A session that writes as an executor, for tests of the fence.
struct FenceSession {
    let connection: PostgresConnection
    private let schema: SchemaName

    init(_ database: TestDatabase, schema: SchemaName = .standard) async throws {
        self.connection = try await PostgresConnection.connect(database.configuration)
        self.schema = schema
    }

    /// Registers an executor whose lease lasts for so long, and returns its number.
    @discardableResult
    func register(lease: String = "15 seconds", period: String = "15 seconds") async throws -> Int32 {
        let number = try await self.run(
            """
            INSERT INTO durable.executor (id, name, host, pid) VALUES (gen_random_uuid(), 'test', 'host', 1)
            RETURNING number::text
            """
        )
        try await self.run(
            "INSERT INTO durable.lease (executor, expires_at, period) VALUES (\(number), durable.clock() + '\(lease)', '\(period)')"
        )
        return Int32(number) ?? 0
    }

    func fence(_ executor: Int32 = 1, epoch: Int = 1, strict: Bool = false) async throws {
        let name = strict ? "fence_strict" : "fence"
        try await self.run("SELECT durable.\(name)(\(executor), \(epoch), durable.incarnation())::text")
    }

    /// The first column of the first row, as text.
    @discardableResult
    func run(_ sql: String) async throws -> String {
        try await self.connection.strings(self.schema.rewrite(sql)).first ?? ""
    }

    /// Waits until this session waits for a lock, seen from another one.
    func isWaiting(seenFrom other: FenceSession) async throws {
        let question = "SELECT wait_event_type FROM pg_stat_activity WHERE pid = \(self.connection.backendPID)"
        while try await other.run(question) != "Lock" { await Task.yield() }
    }
}

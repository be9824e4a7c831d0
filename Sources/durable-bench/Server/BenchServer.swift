// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation
import Libpq
import TemporaryPostgres

/// A private server whose commits reach the disk, with a fresh database for every measurement.
struct BenchServer: Sendable {
    let postgres: TemporaryPostgres
    let version: String
    /// Whether the server can count statements.
    let countsStatements: Bool
    private let template: String

    /// Starts the server and makes the schema once.
    ///
    /// - Parameter isDurable: Whether commits reach the disk; only a trial does without.
    static func start(isDurable: Bool) async throws -> BenchServer {
        let settings = [
            "synchronous_commit = on", "max_wal_size = '8GB'", "checkpoint_timeout = '30min'",
            "shared_buffers = '512MB'",
            // Counted only where counts are asked for: it takes a part of every statement.
            "pg_stat_statements.track = none",
        ]
        let postgres = try await TemporaryPostgres.start(.init(settings: settings, fsync: isDurable))
        let template = try await postgres.createDatabase()
        try await SchemaMigrator().prepare(PostgresConfiguration(postgres.connectionString(database: template)))
        let available = try await postgres.administer(
            "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_stat_statements'",
            database: template
        )
        let countsStatements = available.hasPrefix("1")
        if countsStatements {
            try await postgres.administer("CREATE EXTENSION pg_stat_statements", database: template)
        }
        for setting in ["fsync", "synchronous_commit", "full_page_writes"] where isDurable {
            let value = try await postgres.administer("SHOW \(setting)", database: template)
            guard value.hasPrefix("on") else { throw BenchFailure("the server runs with \(setting) = \(value)") }
        }
        let version = try await postgres.administer("SHOW server_version", database: template)
        return BenchServer(
            postgres: postgres,
            version: version.split(separator: " ").first.map { String($0.filter { $0 != "\n" }) } ?? version,
            countsStatements: countsStatements,
            template: template
        )
    }

    /// What differs from the defaults of Postgres.
    func settings() async throws -> [String] {
        let text = try await self.postgres.administer(
            """
            SELECT name || ' = ' || current_setting(name) FROM pg_settings
            WHERE source = 'configuration file' AND name !~ '^(DateStyle|TimeZone|min_wal|lc_|listen|unix_|log_|default_text|port|dynamic|max_conn)'
            ORDER BY name
            """
        )
        return text.split(separator: "\n").map { String($0) }
    }

    /// The process of the server whose children all others are.
    func mainProcess() throws -> Int32 {
        guard let folder = self.postgres.folder,
            let text = try? String(contentsOfFile: "\(folder)/data/postmaster.pid", encoding: .utf8),
            let pid = text.split(separator: "\n").first.flatMap({ Int32($0) })
        else { throw BenchFailure("the server's process is not known") }
        return pid
    }

    /// Measures something in a database of its own, so that no measurement makes the tables of another one large.
    func measure<R>(_ body: (Database) async throws -> R) async throws -> R {
        try await self.measure(in: try await self.makeDatabase(), body)
    }

    /// The same in an empty database, for those who bring a schema of their own.
    func measureEmpty<R>(_ body: (Database) async throws -> R) async throws -> R {
        try await self.measure(in: Database(server: self, name: try await self.postgres.createDatabase()), body)
    }

    private func measure<R>(in database: Database, _ body: (Database) async throws -> R) async throws -> R {
        // The pages that earlier measurements left are not written at the cost of this one.
        try await self.postgres.administer("CHECKPOINT")
        let result = try await body(database)
        try await self.postgres.dropDatabase(database.name)
        return result
    }

    /// A database that stays until it is dropped, or the server ends.
    func makeDatabase() async throws -> Database {
        Database(server: self, name: try await self.postgres.createDatabase(from: self.template))
    }

    /// A database for one measurement.
    struct Database: Sendable {
        let server: BenchServer
        let name: String

        var configuration: PostgresConfiguration { PostgresConfiguration(self.text) }

        /// As keywords and values.
        var text: String { self.server.postgres.connectionString(database: self.name) }

        /// As a URL, as libraries of other languages want it.
        var url: String { "postgresql://postgres@/\(self.name)?host=\(self.server.postgres.folder ?? "")" }

        /// Runs SQL and returns what it prints.
        @discardableResult
        func run(_ sql: String) async throws -> String {
            try await self.server.postgres.administer(sql, database: self.name)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }

        /// How many rows a table or condition has.
        func count(_ from: String) async throws -> Int { Int(try await self.run("SELECT count(*) FROM \(from)")) ?? 0 }

        /// How many results of the full size engines and bulk inserts have recorded: their ids begin with the time.
        func journalRows() async throws -> Int {
            try await self.count(
                """
                durable.journal
                WHERE workflow_id < 'a' AND phase = 0 AND octet_length(output::text) = \(BenchPayload.size)
                """
            )
        }

        /// Throws unless the journal holds exactly so many results of the full size.
        func expect(rows: Int, of what: String) async throws {
            let counted = try await self.journalRows()
            guard counted == rows else {
                throw BenchFailure("\(what): \(rows) steps, but \(counted) rows in the journal")
            }
        }
    }
}

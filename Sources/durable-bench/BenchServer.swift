// SPDX-License-Identifier: Apache-2.0

import Durable
import Libpq
import TemporaryPostgres

/// A private server whose commits reach the disk, with a fresh database for every measurement.
struct BenchServer {
    let postgres: TemporaryPostgres
    private let template: String

    /// Starts the server and makes the schema once.
    static func start() async throws -> BenchServer {
        let settings = ["synchronous_commit = on", "max_wal_size = '4GB'"]
        let postgres = try await TemporaryPostgres.start(.init(settings: settings, fsync: true))
        let template = try await postgres.createDatabase()
        try await SchemaMigrator().prepare(PostgresConfiguration(postgres.connectionString(database: template)))
        for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
            let value = try await postgres.administer("SHOW \(setting)", database: template)
            guard value.hasPrefix("on") else { throw BenchFailure("the server runs with \(setting) = \(value)") }
        }
        return BenchServer(postgres: postgres, template: template)
    }

    /// Measures something in a database of its own, so that no measurement makes the tables of another one large.
    func measure<R>(_ body: (Database) async throws -> R) async throws -> R {
        let name = try await self.postgres.createDatabase(from: self.template)
        // The pages that earlier measurements left are not written at the cost of this one.
        try await self.postgres.administer("CHECKPOINT")
        let result = try await body(Database(server: self, name: name))
        try await self.postgres.dropDatabase(name)
        return result
    }

    /// A database that stays for as long as the server.
    func makeDatabase() async throws -> Database {
        Database(server: self, name: try await self.postgres.createDatabase(from: self.template))
    }

    /// A database for one measurement.
    struct Database {
        let server: BenchServer
        let name: String

        var configuration: PostgresConfiguration {
            PostgresConfiguration(self.server.postgres.connectionString(database: self.name))
        }

        /// How many rows a table or condition has.
        func count(_ from: String) async throws -> Int {
            let text = try await self.server.postgres.administer("SELECT count(*) FROM \(from)", database: self.name)
            return Int(text.prefix { $0.isNumber }) ?? 0
        }

        /// How many rows the journal holds, as SQL counts them.
        func journalRows() async throws -> Int {
            let text = try await self.server.postgres.administer(
                "SELECT count(*) FROM durable.journal WHERE phase = 0 AND octet_length(output::text) = \(BenchPayload.size)",
                database: self.name
            )
            return Int(text.prefix { $0.isNumber }) ?? 0
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

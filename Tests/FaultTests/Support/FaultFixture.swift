// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Foundation
import Libpq
import Synchronization
import Testing

/// A database of one test, a folder for its files, and its workers.
final class FaultFixture: Sendable {
    /// A connection string.
    let database: String
    let folder: String
    private let workers = Mutex<[Worker]>([])

    private init(database: String) throws {
        self.database = database
        self.folder = NSTemporaryDirectory() + "/durable-fault-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
    }

    var configuration: PostgresConfiguration { .patient(self.database) }
    /// The file of effects, common to all workers.
    var effectsPath: String { self.folder + "/effects" }
    var effects: [Effect] { Effect.all(in: self.effectsPath) }

    /// The table that the transactions of the workers write.
    static let schema: Query = "CREATE TABLE booking (workflow text NOT NULL, part text NOT NULL, pid int NOT NULL)"

    /// Runs the body with a fresh database, and ends its workers.
    static func run<R>(_ body: (FaultFixture) async throws -> R) async throws -> R {
        try await withTestDatabase { try await self.run(on: $0.connectionString, body) }
    }

    /// The same on a database that is there.
    static func run<R>(on database: String, _ body: (FaultFixture) async throws -> R) async throws -> R {
        let fixture = try FaultFixture(database: database)
        _ = try await fixture.sql(Self.schema)
        do {
            let result = try await body(fixture)
            await fixture.end()
            return result
        } catch {
            await fixture.end()
            throw error
        }
    }

    private func end() async {
        let workers = self.workers.withLock { $0 }
        for worker in workers { worker.end() }
        // A worker that does not end would hold a database that is about to be dropped: the kill is for that.
        for worker in workers where (try? await worker.waitUntilEnded(within: .seconds(5))) == nil {
            worker.send(SIGKILL)
            try? await worker.waitUntilEnded(within: .seconds(5))
        }
        try? FileManager.default.removeItem(atPath: self.folder)
    }

    /// Starts a worker on this database.
    func worker(_ options: [String: String] = [:]) throws -> Worker {
        var options = options
        options["database"] = self.database
        options["effects"] = self.effectsPath
        let worker = try Worker(options)
        self.workers.withLock { $0.append(worker) }
        return worker
    }

    // MARK: - SQL

    /// Runs one statement on a connection of its own.
    func sql(_ query: Query) async throws -> Rows {
        let connection = try await PostgresConnection.connect(self.configuration)
        defer { connection.close() }
        return try await connection.query(query)
    }

    /// The first column of the first row.
    func value<T: PostgresDecodable>(_ query: Query, as type: T.Type) async throws -> T {
        let rows = try await self.sql(query)
        return try #require(rows.first).decode(0, as: type)
    }

    /// How many rows a table or condition has.
    func count(_ from: String) async throws -> Int {
        try await self.value("SELECT count(*) FROM \(unescaped: from)", as: Int.self)
    }
}

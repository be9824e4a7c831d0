// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Libpq
import TemporaryPostgres
import Testing

@Suite struct TestDatabaseTests {
    @Test func `databases are copies of one template, apart from each other, and gone afterwards`() async throws {
        let (first, second) = try await withTestDatabase { first in
            try await withTestDatabase { second in
                try await first.execute("CREATE TABLE mine (number integer)")
                #expect(try await self.tables(of: first, "mine") == 1)
                #expect(try await self.tables(of: second, "mine") == 0)
                #expect(try await self.tables(of: second, "workflow") == 1)
                return (first, second)
            }
        }
        for database in [first, second] {
            await #expect(throws: PostgresError.self) { try await database.execute("SELECT 1") }
        }
    }

    @Test func `a database costs about as much as the copy of a template`() async throws {
        _ = try await withTestDatabase { $0.name }
        var spans: [Duration] = []
        for _ in 0..<9 {
            spans.append(
                try await ContinuousClock().measure { try await TestDatabase.make().drop() }
            )
        }
        let median = spans.sorted()[spans.count / 2]
        print("a database per test: made and dropped in \(median)")
        // Tens of milliseconds where the machine has nothing else to do.
        #expect(median < .seconds(10))
    }

    @Test func `what a test run that was killed has left on a server of others, the next one drops`() async throws {
        let server = try await TemporaryPostgres.start()
        let connectionString = server.connectionString()
        let result = await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]) {
            [connectionString = connectionString as String] in
            setenv("DURABLE_TEST_POSTGRES", connectionString, 1)
            let database = try await TestDatabase.make()
            print("database=\(database.name)=")
            fflush(nil)
            kill(getpid(), SIGKILL)
        }
        let output = String(decoding: try #require(result).standardOutputContent, as: UTF8.self)
        let left = String(try #require(output.split(separator: "=").dropFirst().first))
        let listing = "SELECT datname FROM pg_database WHERE datname LIKE 'test!_%' ESCAPE '!'"
        #expect(try await server.administer(listing) == "\(left)\n")

        await #expect(processExitsWith: .success) { [connectionString = connectionString as String] in
            setenv("DURABLE_TEST_POSTGRES", connectionString, 1)
            try await TestDatabase.make().drop()
        }
        #expect(try await server.administer(listing) == "")
        try await server.stop()
    }

    private func tables(of database: TestDatabase, _ name: String) async throws -> Int {
        let connection = try await PostgresConnection.connect(database.configuration)
        defer { connection.close() }
        let rows = try await connection.query("SELECT count(*) FROM pg_class WHERE relname = \(name) AND relkind = 'r'")
        return try rows.first?.decode(0, as: Int.self) ?? -1
    }
}

// SPDX-License-Identifier: Apache-2.0

import CLibpq
import Durable
import DurableTesting
import Libpq
import Testing

/// Reserves with whatever library it is given.
private struct Reserve<Adapter: TransactionAdapter>: Workflow {
    static var name: String { "reserve" }
    let adapter: Adapter

    func run(_ sku: String, in workflow: WorkflowContext) async throws -> String {
        let before = try await workflow.step("prepare") { _ in "prepared" }
        let reserved = try await workflow.transaction("reserve", on: self.adapter) { connection in
            _ = try await connection.run("INSERT INTO reservation (sku) VALUES ($1)", [sku])
            return "reserved \(sku)"
        }
        let after = try await workflow.step("ship") { _ in "shipped" }
        return "\(before), \(reserved), \(after)"
    }
}

@Suite struct TransactionAdapterTests {
    @Test(arguments: PsqlAdapter.Kill.allCases)
    func `psql over pipes commits rows and checkpoint together, killed at any point`(
        _ kill: PsqlAdapter.Kill
    ) async throws {
        try await withTestDatabase { database in
            let kills = Counter()
            let adapter = PsqlAdapter(connectionString: database.connectionString, kill: kill, kills: kills)
            try await self.check(Reserve(adapter: adapter), on: database)
            #expect(kills.value == (kill == .never ? 0 : 1))
        }
    }

    @Test func `a pool of the service's own commits rows and checkpoint together`() async throws {
        try await withTestDatabase { database in
            let pool = PostgresPool(database.configuration)
            defer { pool.shutdown() }
            try await self.check(Reserve(adapter: PoolAdapter(pool)), on: database)
        }
    }

    @Test func `a PGconn that the service opened commits rows and checkpoint together`() async throws {
        try await withTestDatabase { database in
            let pointer = try #require(PQconnectdb(database.connectionString))
            defer { PQfinish(pointer) }
            let connection = BorrowedConnection(unsafe: pointer)
            try await self.check(Reserve(adapter: BorrowedConnectionAdapter(connection)), on: database)
            // What the server refuses is an error with its words, and the connection stays usable.
            let error = await #expect(throws: PostgresError.self) { try await connection.run("SELECT 1 / 0") }
            #expect(error?.sqlState == "22012")
            #expect(try await connection.run("SELECT $1::text, NULL", ["x"]) == [["x", nil]])
        }
    }

    private func check<W: Workflow>(_ workflow: W, on database: TestDatabase) async throws
    where W.Input == String, W.Output == String {
        let connection = try await PostgresConnection.connect(database.configuration)
        defer { connection.close() }
        try await connection.execute("CREATE TABLE reservation (sku text)")
        let engine = try DurableEngine(database: database.configuration, workflows: [workflow])
        let running = Task { try await engine.run() }
        defer { running.cancel() }
        try await engine.waitUntilReady()
        let handle = try await engine.start(W.self, "A'1", id: "order-1")
        #expect(try await handle.result(within: .seconds(60)) == "prepared, reserved A'1, shipped")
        let rows = try await connection.query(
            """
            SELECT (SELECT count(*) FROM reservation WHERE sku = 'A''1'),
                   (SELECT count(*) FROM durable.journal WHERE name = 'reserve' AND phase = 0),
                   (SELECT count(*) FROM durable.outcome)
            """
        )
        let counts = try rows[0].decode((Int64, Int64, Int64).self)
        #expect([counts.0, counts.1, counts.2] == [1, 1, 1])
        running.cancel()
        try await running.value
    }
}

// SPDX-License-Identifier: Apache-2.0

import Libpq
import TemporaryPostgres
import Testing

@Suite(.timeLimit(.minutes(2)))
struct StatementTests {
    private static let prepared: Query = "SELECT count(*) FROM pg_prepared_statements WHERE from_sql = false"

    private static func connect(_ cache: StatementCache) async throws -> PostgresConnection {
        var configuration = try await TestServer.configuration()
        configuration.statementCache = cache
        return try await PostgresConnection.connect(configuration)
    }

    @Test func `interpolated values become parameters and nothing else`() {
        let (name, hostile) = ("o\"clock", "'; DROP TABLE t; --")
        let query: Query =
            "SELECT \(identifier: name) FROM t WHERE a = \(hostile) AND b = \(Int?.none) \(unescaped: "LIMIT 1")"
        #expect(query.sql == "SELECT \"o\"\"clock\" FROM t WHERE a = $1 AND b = $2 LIMIT 1")
        #expect(query.parameters.count == 2)
        #expect(query.parameters.map(\.type) == [.text, .int8])
    }

    @Test func `each text is prepared once and the least recently used are deallocated`() async throws {
        let connection = try await Self.connect(.named(limit: 10))
        for _ in 0..<3 {
            for index in 0..<5 { try await connection.execute("SELECT \(index), \(unescaped: "\(index)")") }
        }
        #expect(try await connection.query(Self.prepared)[0].decode(0, as: Int.self) == 6)
        for index in 0..<100 { try await connection.execute("SELECT \(unescaped: "\(index)") AS n") }
        // The one that was dropped last is deallocated with the next request.
        #expect(try await connection.query(Self.prepared)[0].decode(0, as: Int.self) <= 11)
    }

    @Test func `without a cache nothing stays on the server`() async throws {
        let connection = try await Self.connect(.disabled)
        let text = StatementText("SELECT $1::int + $2", types: [.int4, .int4])
        for index in 0..<3 {
            let results = try await connection.run(
                Pipeline([Statement(text, [Parameter(Int32(index)), Parameter(Int32(1))]), Statement("SELECT \("x")")])
            )
            #expect(try results[0].rows[0].decode(0, as: Int.self) == index + 1)
            #expect(try results[1].rows[0].decode(0, as: String.self) == "x")
        }
        #expect(try await connection.query(Self.prepared)[0].decode(0, as: Int.self) == 0)
    }

    @Test func `a text that fails to prepare is not taken for prepared`() async throws {
        let connection = try await Self.connect(.named(limit: 10))
        let table = "t\(UInt64.random(in: 0 ... .max))"
        let text = StatementText("SELECT n FROM \(table)")
        let error = await #expect(throws: PostgresError.self) {
            try await connection.run(Pipeline([Statement("SELECT 1"), Statement(text)]))
        }
        #expect(error?.sqlState == "42P01")
        #expect(error?.statementIndex == 1)
        try await connection.execute("CREATE TEMP TABLE \(identifier: table) (n int)")
        #expect(try await connection.run(Pipeline([Statement(text)]))[0].rows.isEmpty)
        // Skipped because an earlier statement failed: not prepared either.
        let skipped = StatementText("SELECT 7")
        await #expect(throws: PostgresError.self) {
            try await connection.run(Pipeline([Statement("SELECT 1 / \(0)"), Statement(skipped)]))
        }
        #expect(try await connection.run(Pipeline([Statement(skipped)]))[0].rows.count == 1)
    }

    @Test func `requests under way at once may prepare the same text`() async throws {
        let connection = try await Self.connect(.named(limit: 10))
        let text = StatementText("SELECT $1::int8 * 2")
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for index in 0..<50 {
                group.addTask {
                    try await connection.run(Pipeline([Statement(text, [Parameter(index)])]))[0].rows[0].decode(0)
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 2 * (0..<50).reduce(0, +))
        try await connection.execute("SELECT 1")
        #expect(try await connection.query(Self.prepared)[0].decode(0, as: Int.self) <= 3)
    }

    @Test func `a plan that no longer fits, or is gone, is prepared again at the next use`()
        async throws
    {
        let connection = try await Self.connect(.named(limit: 10))
        try await connection.execute("CREATE TEMP TABLE t (a int)")
        let text = StatementText("SELECT * FROM t")
        func columns() async throws -> Int {
            try await connection.run(Pipeline([Statement(text)]))[0].rows.columns.count
        }
        #expect(try await columns() == 1)
        try await connection.execute("ALTER TABLE t ADD COLUMN b int")
        let changed = await #expect(throws: PostgresError.self) { _ = try await columns() }
        #expect(changed?.sqlState == "0A000")
        #expect(try await columns() == 2)
        try await connection.execute("DEALLOCATE ALL")
        let gone = await #expect(throws: PostgresError.self) { _ = try await columns() }
        #expect(gone?.sqlState == "26000")
        #expect(try await columns() == 2)
    }

    @Test func `a parameter of another type than declared is refused before it is sent`() async throws {
        let connection = try await Self.connect(.named(limit: 10))
        let text = StatementText("SELECT $1", types: [.int4])
        let error = await #expect(throws: PostgresError.self) {
            try await connection.run(Pipeline([Statement(text, [Parameter("1")])]))
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message == "parameter $1 is declared as integer and is given text")
        let few = await #expect(throws: PostgresError.self) { try await connection.run(Pipeline([Statement(text)])) }
        #expect(few?.message == "the statement declares 1 parameters and is given 0")
        // Undeclared types are those of each use.
        let open = StatementText("SELECT $1")
        for parameter in [Parameter(1), Parameter("x"), Parameter(true), Parameter(2)] {
            #expect(try await connection.run(Pipeline([Statement(open, [parameter])]))[0].rows.count == 1)
        }
    }

    @Test func `many and large parameters and results cross without blocking each other`() async throws {
        let connection = try await Self.connect(.named(limit: 10))
        let block = String(repeating: "y", count: 1_000_000)
        // 60 MB each way in one pipeline: both sides fill their buffers many times over.
        let statements = (0..<60).map { Statement("SELECT \(block), \($0)") }
        let results = try await connection.run(Pipeline(statements))
        #expect(try results.map { try $0.rows[0].decode(1, as: Int.self) } == Array(0..<60))
        #expect(try results.allSatisfy { try $0.rows[0].decode(0, as: String.self) == block })
        let many = (0..<20_000).map { Parameter($0 % 2 == 0 ? "\($0) and some more text" : "") }
        let list = many.indices.map { "$\($0 + 1)" }.joined(separator: ",")
        let rows = try await connection.query(Query("SELECT cardinality(array[\(list)])", parameters: many))
        #expect(try rows[0].decode(0, as: Int.self) == 20_000)
    }

    @Test func `tags and counts are the server's own`() async throws {
        let connection = try await TestServer.connect()
        try await connection.execute("CREATE TEMP TABLE t (n int)")
        let results = try await connection.run(
            Pipeline(
                [
                    "BEGIN", "INSERT INTO t SELECT generate_series(1, 7)", "UPDATE t SET n = 0 WHERE n > 4",
                    "SELECT n FROM t WHERE n = 0", "DELETE FROM t", "", "COMMIT",
                ].map { Statement($0) }
            )
        )
        #expect(results.map(\.tag) == ["BEGIN", "INSERT 0 7", "UPDATE 3", "SELECT 3", "DELETE 7", "", "COMMIT"])
        #expect(results.map(\.affected) == [0, 7, 3, 3, 7, 0, 0])
        #expect(results[3].rows.columns.map { "\($0.name) \($0.type)" } == ["n integer"])
    }

    @Test func `a failed transaction answers COMMIT with ROLLBACK and the connection goes on`() async throws {
        let connection = try await TestServer.connect()
        try await connection.execute("BEGIN")
        await #expect(throws: PostgresError.self) { try await connection.query("SELECT 1 / \(0)") }
        #expect(connection.transactionStatus == .failed)
        #expect(try await connection.run(Pipeline([Statement("COMMIT")]))[0].tag == "ROLLBACK")
        #expect(connection.transactionStatus == .idle)
    }

    @Test func `a COPY is refused and ends the connection`() async throws {
        let connection = try await TestServer.connect()
        let error = await #expect(throws: PostgresError.self) {
            try await connection.execute("COPY (SELECT 1) TO STDOUT")
        }
        #expect(error?.code == .protocolViolation)
        #expect(error?.message.contains("COPY") == true, "\(String(describing: error))")
        #expect(connection.isClosed)
    }

    @Test func `the observer hears of each pipeline before it is sent and before anybody is told`() async throws {
        let events = Protected<[String]>([])
        var configuration = try await TestServer.configuration()
        configuration.observer = { event in
            events.withLock { $0.append("\(event.phase) \(event.statements.joined(separator: "; "))") }
        }
        let connection = try await PostgresConnection.connect(configuration)
        try await connection.execute("SELECT \(1)")
        events.withLock { $0.append("told") }
        _ = try? await connection.run(Pipeline([Statement("SELECT 2"), Statement("SELECT 1 / \(0)")]))
        #expect(
            events.withLock { $0 } == [
                "sending SELECT $1", "completed SELECT $1", "told", "sending SELECT 2; SELECT 1 / $1",
                "failed SELECT 2; SELECT 1 / $1",
            ]
        )
    }

    @Test func `an empty pipeline is refused`() async throws {
        let error = await #expect(throws: PostgresError.self) { try await TestServer.connect().run(Pipeline([])) }
        #expect(error?.code == .invalidArgument)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Libpq
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ConnectionTests {
    @Test func `a connection answers a pipeline in one go`() async throws {
        let connection = try await TestServer.connect()
        let text = StatementText("SELECT $1::int + 1 AS next, $2::text AS word", types: [.int4, .text])
        for index in 0..<3 {
            let results = try await connection.run(
                Pipeline([
                    Statement(text, [Parameter(Int32(index)), Parameter("word \(index)")]),
                    Statement("SELECT \(index) * 2"),
                ])
            )
            #expect(results.count == 2)
            #expect(results[0].tag == "SELECT 1")
            #expect(try results[0].rows[0].decode("next", as: Int.self) == index + 1)
            let (next, word) = try results[0].rows[0].decode((Int, String?).self)
            #expect(next == index + 1)
            #expect(word == "word \(index)")
            #expect(try results[1].rows[0].decode(0, as: Int.self) == index * 2)
        }
        connection.close()
        #expect(connection.isClosed)
    }

    @Test func `a failing statement takes the rest of its pipeline with it and leaves the connection usable`()
        async throws
    {
        let connection = try await TestServer.connect()
        let error = await #expect(throws: PostgresError.self) {
            try await connection.run(
                Pipeline([
                    Statement("SELECT 1"), Statement("SELECT 1 / \(0)"), Statement("SELECT 3"),
                ])
            )
        }
        #expect(error?.sqlState == "22012")
        #expect(error?.statementIndex == 1)
        #expect(error?.statement == "SELECT 1 / $1")
        #expect(error?.isConnectionLost == false)
        #expect(try await connection.query("SELECT 4")[0].decode(0, as: Int.self) == 4)
    }

    @Test func `arrays travel as one parameter`() async throws {
        let connection = try await TestServer.connect()
        var ids = ArrayColumn(.text)
        ids.append("a")
        ids.appendNull()
        var numbers = ArrayColumn(.int8)
        numbers.append(Int64(1))
        numbers.append(Int64(2))
        let rows = try await connection.query(
            "SELECT * FROM unnest(\(ids.parameter), \(numbers.parameter)) AS t(id, n)"
        )
        #expect(rows.count == 2)
        #expect(try rows.map { try $0.decode(0, as: String?.self) } == ["a", nil])
        #expect(try rows.map { try $0.decode(1, as: Int.self) } == [1, 2])
        let empty = try await connection.query("SELECT cardinality(\(ArrayColumn(.text).parameter))")
        #expect(try empty[0].decode(0, as: Int.self) == 0)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Libpq
import Synchronization
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

    @Test func `a thread that spins completes the request itself`() async throws {
        let connection = try await TestServer.connect()
        let onPoller = Mutex<Bool?>(nil)
        // Long enough that nobody else can have found the reply before the spin begins.
        connection.send(Pipeline([Statement("SELECT pg_sleep(0.3)")])) { result in
            if case .success = result { onPoller.withLock { $0 = Poller.shared.isCurrent } }
        }
        #expect(connection.spin(for: .seconds(60)))
        #expect(onPoller.withLock { $0 } == false)
        #expect(try await connection.query("SELECT 4")[0].decode(0, as: Int.self) == 4, "the poller watches again")
        connection.close()
    }

    @Test func `a spin that is over, or no longer wanted, leaves the reply to the poller`() async throws {
        let connection = try await TestServer.connect()
        for isWanted in [true, false] {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                connection.send(Pipeline([Statement("SELECT pg_sleep(0.3)")])) { result in
                    #expect(Poller.shared.isCurrent)
                    #expect(throws: Never.self) { try result.get() }
                    continuation.resume()
                }
                #expect(!connection.spin(for: isWanted ? .nanoseconds(1) : .seconds(60)) { isWanted })
            }
        }
        connection.close()
    }

    @Test func `a connection that ends while a thread spins fails its request there`() async throws {
        let connection = try await TestServer.connect()
        let error = Mutex<PostgresError?>(nil)
        let deadly = Statement("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(10)")
        connection.send(Pipeline([deadly])) { result in
            if case .failure(let failure) = result { error.withLock { $0 = failure } }
        }
        #expect(connection.spin(for: .seconds(60)))
        #expect(error.withLock { $0?.isConnectionLost } == true)
        #expect(connection.isClosed)
    }
}

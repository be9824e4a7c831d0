// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq
import TemporaryPostgres
import Testing

@Suite(.timeLimit(.minutes(2)))
struct ConnectingTests {
    private static func refusal(_ string: String, timeout: Duration = .seconds(10)) async -> PostgresError? {
        var configuration = PostgresConfiguration(string)
        configuration.connectTimeout = timeout
        return await #expect(throws: PostgresError.self) { try await PostgresConnection.connect(configuration) }
    }

    @Test func `an unreachable server is named with host, port, database, user and reason`() async throws {
        let error = await Self.refusal("postgresql://shop:s3cret@127.0.0.1:1/orders")
        #expect(error?.code == .connectionFailed)
        let words = error?.message ?? ""
        for part in ["database \"orders\"", "user \"shop\"", "127.0.0.1", "1", "Connection refused"] {
            #expect(words.contains(part), "\(words)")
        }
        #expect(!words.contains("s3cret"))
        #expect(!String(reflecting: error).contains("s3cret"))
        let socket = await Self.refusal("host=/nowhere port=5433 user=me dbname=here")
        #expect(socket?.message.contains("/nowhere/.s.PGSQL.5433") == true, "\(String(describing: socket))")
        #expect(socket?.message.contains("No such file or directory") == true)
        let unknown = await Self.refusal("host=no-such-host.invalid user=me dbname=here")
        #expect(unknown?.message.contains("no-such-host.invalid") == true, "\(String(describing: unknown))")
    }

    @Test func `a refusal of the server carries its SQLSTATE`() async throws {
        let postgres = try await TemporaryPostgres.shared()
        let error = await Self.refusal(postgres.connectionString(database: "no such database"))
        #expect(error?.sqlState == "3D000")
        #expect(error?.message.contains("database \"no such database\" does not exist") == true)
        #expect(error?.message.contains("LOCATION") == false)
    }

    @Test func `a connection string that libpq does not understand is refused without quoting it`() async throws {
        for string in ["host=a passwort=s3cret", "postgresql://me:s3cret@[::1/db", "password='s3cret"] {
            let error = await Self.refusal(string)
            #expect(error?.code == .invalidArgument, "\(String(describing: error))")
            #expect(error?.message.contains("connection string is invalid") == true)
            #expect(error?.message.contains("s3cret") == false, "\(String(describing: error))")
        }
        #expect("\(PostgresConfiguration("password=s3cret"))".contains("s3cret") == false)
        var dumped = ""
        dump(PostgresConfiguration("password=s3cret"), to: &dumped)
        #expect(!dumped.contains("s3cret"))
    }

    @Test func `a server that accepts and never answers is given up after the connect timeout`() async throws {
        let listener = try SilentListener()
        let clock = ContinuousClock()
        let start = clock.now
        let error = await Self.refusal(
            "host=127.0.0.1 port=\(listener.port) user=me dbname=here",
            // Long enough for the connection to be begun, so that the error can say to whom.
            timeout: .seconds(3)
        )
        #expect(clock.now - start < .seconds(60), "it does not wait for the server")
        #expect(error?.code == .connectionFailed)
        #expect(error?.message.contains("no connection within 3 s") == true, "\(String(describing: error))")
        #expect(error?.message.contains("127.0.0.1:\(listener.port)") == true)
    }

    @Test func `a cancelled task stops waiting for a connection`() async throws {
        let listener = try SilentListener()
        let task = Task {
            try await PostgresConnection.connect(
                PostgresConfiguration("host=127.0.0.1 port=\(listener.port) user=me dbname=here")
            )
        }
        task.cancel()
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }

    @Test func `several hosts are tried in turn, also for a role`() async throws {
        let postgres = try await TemporaryPostgres.start(.init(port: freePort()))
        let port = try #require(postgres.port)
        let string = "postgresql://postgres@127.0.0.1:1,127.0.0.1:\(port)/postgres?target_session_attrs=read-write"
        let connection = try await PostgresConnection.connect(PostgresConfiguration(string))
        #expect(try await connection.query("SELECT 1")[0].decode(0, as: Int.self) == 1)
        let error = await Self.refusal(string.replacing("read-write", with: "standby"))
        #expect(error?.message.contains("hot standby mode") == true, "\(String(describing: error))")
        try await postgres.stop()
    }

    @Test func `a host that keeps silent is given up in favour of the next one`() async throws {
        let silent = try SilentListener()
        let postgres = try await TemporaryPostgres.start(.init(port: freePort()))
        let port = try #require(postgres.port)
        var configuration = PostgresConfiguration(
            "host=127.0.0.1,127.0.0.1 port=\(silent.port),\(port) user=postgres dbname=postgres"
        )
        configuration.connectTimeout = .seconds(10)
        let connection = try await PostgresConnection.connect(configuration)
        #expect(try await connection.query("SELECT inet_server_port()")[0].decode(0, as: Int.self) == port)
        try await postgres.stop()
    }

    @Test func `settings of the session and our defaults are in force`() async throws {
        var configuration = try await TestServer.configuration()
        configuration.settings = ["statement_timeout": "12345ms", "search_path": "pg_catalog", "durable.test": "it's"]
        let connection = try await PostgresConnection.connect(configuration)
        let row = try await connection.query(
            """
            SELECT current_setting('statement_timeout'), current_setting('durable.test'),
                current_setting('application_name'), current_setting('client_encoding')
            """
        )[0]
        #expect(try row.decode((String, String, String, String).self) == ("12345ms", "it's", "swift-durable", "UTF8"))
        #expect(connection.parameterStatus("server_encoding") == "UTF8")
        #expect(connection.serverVersion > 140_000)
        configuration.settings = ["statement_timeout": "soon"]
        let error = await #expect(throws: PostgresError.self) { try await PostgresConnection.connect(configuration) }
        #expect(error?.message.contains("the setting statement_timeout was refused") == true)
        configuration = try await TestServer.configuration()
        configuration.connectionString += " application_name=mine client_encoding=LATIN1"
        let row2 = try await PostgresConnection.connect(configuration).query(
            "SELECT current_setting('application_name'), current_setting('client_encoding'), 'ä'"
        )[0]
        #expect(try row2.decode((String, String, String).self) == ("mine", "UTF8", "ä"))
    }

    @Test func `variables and the service file are honoured`() async throws {
        let postgres = try await TemporaryPostgres.shared()
        let string = postgres.connectionString()
        await #expect(processExitsWith: .success) { [string = string as String] in
            let pieces = string.split(separator: " ").map { $0.split(separator: "=", maxSplits: 1) }
            var service = "[shop]\n"
            for piece in pieces where piece.count == 2 {
                let value = piece[1].trimmingCharacters(in: CharacterSet(charactersIn: "'"))
                switch piece[0] {
                case "host": setenv("PGHOST", value, 1)
                case "port": setenv("PGPORT", value, 1)
                case "user": setenv("PGUSER", value, 1)
                default: break
                }
                service += "\(piece[0])=\(value)\n"
            }
            setenv("PGDATABASE", "postgres", 1)
            setenv("PGAPPNAME", "from a variable", 1)
            let name: Query = "SELECT current_setting('application_name')"
            let first = try await PostgresConnection.connect(.environment).query(name)
            #expect(try first[0].decode(0, as: String.self) == "from a variable")
            for variable in ["PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGAPPNAME"] { unsetenv(variable) }
            let file = NSTemporaryDirectory() + "service-\(ProcessInfo.processInfo.processIdentifier)"
            try (service + "application_name=from a service\n").write(toFile: file, atomically: true, encoding: .utf8)
            defer { unlink(file) }
            setenv("PGSERVICEFILE", file, 1)
            let second = try await PostgresConnection.connect(PostgresConfiguration("service=shop")).query(name)
            #expect(try second[0].decode(0, as: String.self) == "from a service")
        }
    }

    @Test func `a connection that nobody refers to is closed`() async throws {
        let observer = try await TestServer.connect()
        var pid: Int32 = 0
        do { pid = try await TestServer.connect().backendPID }
        try await eventually {
            try await observer.query("SELECT count(*) FROM pg_stat_activity WHERE pid = \(pid)")[0]
                .decode(0, as: Int.self) == 0
        }
    }
}

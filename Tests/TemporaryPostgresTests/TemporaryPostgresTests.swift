// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import TemporaryPostgres

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite struct TemporaryPostgresTests {
    @Test func `the shared server is one, with pg_stat_statements, and makes databases from a template`() async throws {
        let postgres = try await TemporaryPostgres.shared()
        let again = try await TemporaryPostgres.shared()
        #expect(postgres === again)
        if postgres.folder != nil {
            #expect(try await postgres.administer("SHOW shared_preload_libraries") == "pg_stat_statements\n")
        }

        let template = try await postgres.createDatabase()
        try await postgres.administer("CREATE TABLE note AS SELECT 7 AS number", database: template)
        let copy = try await postgres.createDatabase(from: template)
        #expect(try await postgres.administer("SELECT number FROM note", database: copy) == "7\n")
        try await postgres.dropDatabase(copy)
        try await postgres.dropDatabase(template)
        let left = try await postgres.administer(
            "SELECT count(*) FROM pg_database WHERE datname IN ('\(copy)', '\(template)')"
        )
        #expect(left == "0\n")
    }

    @Test(.enabled(if: TemporaryPostgres.canLimitDisk, "a file system may not be mounted here"))
    func `a server whose disk is full works again when there is room, and leaves nothing behind`() async throws {
        let postgres = try await TemporaryPostgres.start(.init(settings: ["max_wal_size = 64MB"], diskSize: 160))
        let folder = try #require(postgres.folder)
        try await postgres.administer("CREATE TABLE kept AS SELECT 1 AS number")
        try await postgres.fillDisk(leaving: 0)
        let error = await #expect(throws: TemporaryPostgresError.self) {
            try await postgres.administer("CREATE TABLE filled AS SELECT n FROM generate_series(1, 9000000) AS n")
        }
        #expect(error?.description.isEmpty == false)
        try await postgres.emptyDisk()
        for _ in 0..<200 where (try? await postgres.administer("SELECT 1")) == nil { try await postgres.emptyDisk() }
        #expect(try await postgres.administer("SELECT number FROM kept") == "1\n")
        try await postgres.stop()
        #expect(!FileManager.default.fileExists(atPath: folder))
    }

    @Test func `an error of psql comes back in its words`() async throws {
        let postgres = try await TemporaryPostgres.shared()
        let error = await #expect(throws: TemporaryPostgresError.self) {
            try await postgres.administer("SELECT 1 FROM no_such_table")
        }
        #expect(error?.description.contains("relation \"no_such_table\" does not exist") == true)
    }

    @Test func `a server of one's own takes settings, restarts, crashes, freezes, and is gone after stop`() async throws
    {
        let postgres = try await TemporaryPostgres.start(.init(settings: ["work_mem = '5MB'"], fsync: true))
        let folder = try #require(postgres.folder)
        #expect(try await postgres.administer("SHOW work_mem") == "5MB\n")
        #expect(try await postgres.administer("SHOW fsync") == "on\n")
        #expect(try await postgres.administer("SHOW listen_addresses") == "\n")
        #expect("\(folder)/.s.PGSQL.5432".utf8.count < 107, "the longest path of a socket")

        let started = try await postgres.administer("SELECT pg_postmaster_start_time()")
        try await postgres.administer("CREATE TABLE kept AS SELECT 1 AS number")
        try await postgres.restart(mode: .immediate)
        #expect(try await postgres.administer("SELECT pg_postmaster_start_time()") != started)
        #expect(try await postgres.administer("SELECT number FROM kept") == "1\n")

        try await postgres.pause()
        let server = try Self.processes(of: folder)
        // A process that does not run has the signal, and stands still when it is given the processor next.
        let deadline = ContinuousClock.now + .seconds(60)
        while !Self.states(of: server).allSatisfy({ $0 == "T" }), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(Self.states(of: server).allSatisfy { $0 == "T" })
        try await postgres.resume()
        #expect(try await postgres.administer("SELECT number FROM kept") == "1\n")

        try await postgres.stop()
        #expect(!FileManager.default.fileExists(atPath: folder))
        #expect(Self.states(of: server).isEmpty)
    }

    @Test(.enabled("this build of Postgres has no TLS") { try await TemporaryPostgres.hasTLS })
    func `TLS with a certificate of its own`() async throws {
        let certificate = try await TemporaryPostgres.Certificate.selfSigned()
        let port = Int.random(in: 20000..<30000)
        let postgres = try await TemporaryPostgres.start(.init(port: port, tls: certificate))
        #expect(try await postgres.administer("SHOW ssl") == "on\n")
        try await postgres.stop()
    }

    @Test func `a server that cannot start says why, and leaves nothing behind`() async throws {
        let error = await #expect(throws: TemporaryPostgresError.self) {
            try await TemporaryPostgres.start(.init(settings: ["no_such_setting = 1"]))
        }
        #expect(error?.description.contains("unrecognized configuration parameter \"no_such_setting\"") == true)
    }

    @Test func `a process killed by signal 9 leaves no server and no folder behind`() async throws {
        let result = await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]) {
            let postgres = try await TemporaryPostgres.start()
            let folder = try #require(postgres.folder)
            let server = try Self.processes(of: folder)
            print("folder=\(folder)=\(server.map(String.init).joined(separator: ","))=")
            fflush(nil)
            kill(getpid(), SIGKILL)
        }
        let output = String(decoding: try #require(result).standardOutputContent, as: UTF8.self)
        let fields = try #require(output.range(of: "folder=")).upperBound
        let parts = output[fields...].split(separator: "=", omittingEmptySubsequences: false)
        let folder = String(parts[0])
        let server = parts[1].split(separator: ",").compactMap { pid_t($0) }
        #expect(server.count > 3)

        // The keeper has no way to tell us that it is done; its folder goes last.
        let deadline = ContinuousClock.now + .seconds(30)
        while FileManager.default.fileExists(atPath: folder), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(!FileManager.default.fileExists(atPath: folder))
        #expect(Self.states(of: server).isEmpty)
    }

    @Test(arguments: [
        ("host=/tmp user=x", "host=/tmp user=x dbname='a'"),
        ("postgres://u@h:1/old?sslmode=disable", "postgres://u@h:1/a?sslmode=disable"),
        ("postgresql://h", "postgresql://h/a"),
        ("postgresql:///old", "postgresql:///a"),
    ])
    func `a connection string for another database`(original: String, expected: String) {
        #expect(ConnectionString(original).with(database: "a") == expected)
    }

    /// The postmaster of a folder and its children.
    private static func processes(of folder: String) throws -> [pid_t] {
        let file = try String(contentsOfFile: folder + "/data/postmaster.pid", encoding: .utf8)
        let postmaster = try #require(file.split(separator: "\n").first.flatMap { pid_t($0) })
        let all = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }
        return [postmaster] + all.filter { self.field(1, of: $0) == String(postmaster) }
    }

    /// The state letters of those of the processes that exist.
    private static func states(of processes: [pid_t]) -> [String] {
        processes.compactMap { self.field(0, of: $0) }.filter { $0 != "Z" }
    }

    /// A field of `/proc/pid/stat` behind the name.
    private static func field(_ index: Int, of process: pid_t) -> String? {
        guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let name = stat.lastIndex(of: ")")
        else { return nil }
        return stat[stat.index(after: name)...].split(separator: " ").map(String.init)[index]
    }
}

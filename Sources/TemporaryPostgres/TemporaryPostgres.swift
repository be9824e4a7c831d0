// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A private Postgres server in a temporary folder, on a Unix socket, gone with this process however that ends.
///
/// ```swift
/// let postgres = try await TemporaryPostgres.shared()
/// let database = try await postgres.createDatabase()
/// // … connect to postgres.connectionString(database: database) …
/// try await postgres.dropDatabase(database)
/// ```
package final class TemporaryPostgres: Sendable {
    /// How a server is stopped.
    package enum StopMode: String, Sendable {
        /// Open transactions are rolled back, then the server ends in order.
        case fast
        /// As if the machine had lost its power: recovery at the next start.
        case immediate
    }

    /// The number in the socket's name; no TCP port.
    static let socketPort = 5432
    /// Names the server that tests use instead of a private one.
    static let variable = "DURABLE_TEST_POSTGRES"

    /// The folder of the server, with its socket; nil for a server that is not ours.
    package let folder: String?
    /// The TCP port on 127.0.0.1, if it listens there.
    package let port: Int?
    private let base: ConnectionString
    private let keeper: Keeper?

    private static let sharedServer = Mutex<Task<TemporaryPostgres, any Error>?>(nil)

    private init(external: String) {
        self.folder = nil
        self.port = nil
        self.keeper = nil
        self.base = ConnectionString(external)
    }

    private init(folder: String, port: Int?, keeper: Keeper) {
        self.folder = folder
        self.port = port
        self.keeper = keeper
        self.base = ConnectionString("host='\(folder)' port=\(port ?? Self.socketPort) user=postgres dbname=postgres")
    }

    /// The server of this process, started by the first caller.
    ///
    /// With `DURABLE_TEST_POSTGRES` set to a connection string it is that server, and nothing is started.
    package static func shared() async throws -> TemporaryPostgres {
        let task = self.sharedServer.withLock { server in
            if let server { return server }
            let task = Task {
                if let external = ProcessInfo.processInfo.environment[self.variable], !external.isEmpty {
                    let server = TemporaryPostgres(external: external)
                    do {
                        try await server.administer("SELECT")
                    } catch {
                        throw TemporaryPostgresError("the server that \(self.variable) names cannot be used: \(error)")
                    }
                    return server
                }
                return try await self.start()
            }
            server = task
            return task
        }
        return try await task.value
    }

    /// Starts a server of one's own.
    package static func start(_ options: Options = Options()) async throws -> TemporaryPostgres {
        let programs = try Programs.serverFolder()
        let folder = "\(self.parentFolder(fsync: options.fsync))/durable-pg-\(UInt64.random(in: 0 ... .max))"
        let keeper = try Keeper(folder: folder, programs: programs, options: options)
        try await keeper.started()
        return TemporaryPostgres(folder: folder, port: options.port, keeper: keeper)
    }

    /// In memory where there is plenty of it: copying a template there takes a fifth of the time.
    ///
    /// Data that are to reach the disk lie on one.
    private static func parentFolder(fsync: Bool) -> String {
        let memory = "/dev/shm"
        let free = try? FileManager.default.attributesOfFileSystem(forPath: memory)[.systemFreeSize] as? NSNumber
        if !fsync, let free, free.int64Value > 4 << 30, FileManager.default.isWritableFile(atPath: memory) {
            return memory
        }
        // A socket's whole path has at most 107 bytes, and TMPDIR may be deep.
        let chosen = ProcessInfo.processInfo.environment["TMPDIR"] ?? ""
        guard !chosen.isEmpty, chosen.utf8.count < 60 else { return "/tmp" }
        return chosen.hasSuffix("/") ? String(chosen.dropLast()) : chosen
    }

    /// A connection string for libpq: over the Unix socket, as a superuser.
    package func connectionString(database: String = "postgres") -> String {
        self.base.with(database: database)
    }

    /// Makes a database, as a copy of `template` or empty, and returns its name.
    package func createDatabase(from template: String? = nil, options: String = "") async throws -> String {
        let name = "test_\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        let source = template.map { " TEMPLATE \"\($0)\"" } ?? ""
        _ = try await self.administer("CREATE DATABASE \"\(name)\"\(source) \(options)")
        return name
    }

    /// Drops a database, and ends the sessions that are still in it.
    package func dropDatabase(_ name: String) async throws {
        _ = try await self.administer("DROP DATABASE IF EXISTS \"\(name)\" WITH (FORCE)")
    }

    /// Runs SQL in one session through `psql` and returns its rows, unaligned, without headers; throws what psql says.
    @discardableResult
    package func administer(_ sql: String, database: String? = nil) async throws -> String {
        try await Command.run(
            Programs.psql(),
            [
                "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
                "-d", database.map(self.base.with(database:)) ?? self.base.text, "-c", sql,
            ],
            withPostgresVariables: self.keeper == nil
        )
    }

    /// Runs a file through `psql`, as a person would.
    package func run(file: String, database: String) async throws {
        _ = try await Command.run(
            Programs.psql(),
            ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.base.with(database: database), "-f", file],
            withPostgresVariables: self.keeper == nil
        )
    }

    /// Stops the server and starts it again with its data.
    package func restart(mode: StopMode = .fast) async throws {
        try await self.command("restart \(mode.rawValue)")
    }

    /// Stops the server and keeps its data; `startAgain()` starts it again.
    package func shutdown(mode: StopMode = .fast) async throws {
        try await self.command("stop \(mode.rawValue)")
    }

    /// Starts the server again after `shutdown`.
    package func startAgain() async throws {
        try await self.command("start")
    }

    /// Freezes every process of the server: connections stay open and nothing answers.
    package func pause() async throws {
        try await self.command("signal STOP")
    }

    /// Lets a frozen server go on.
    package func resume() async throws {
        try await self.command("signal CONT")
    }

    /// Ends the server and removes its folder.
    ///
    /// What is not stopped ends with this process.
    package func stop() async throws {
        try await self.command("destroy")
    }

    func command(_ command: String) async throws {
        guard let keeper else {
            throw TemporaryPostgresError("the server of \(Self.variable) is not ours to \(command)")
        }
        try await keeper.obey(command)
    }
}

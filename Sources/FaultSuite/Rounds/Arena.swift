// SPDX-License-Identifier: Apache-2.0

import Durable
import FaultProcesses
import Foundation
import Libpq
import Synchronization
import TemporaryPostgres

/// Where a round takes place: servers, the way to them, a database, workers, and a folder for their files.
final class Arena: Sendable {
    /// How workers reach the database.
    enum Layout: String, Codable, Sendable {
        /// Through the proxy.
        case proxy
        /// Through PgBouncer in transaction mode.
        case bouncer
        /// Directly, a primary or its synchronous standby.
        case pair
        /// Directly, a server whose disk is small.
        case smallDisk
    }

    private struct State {
        /// Which of the servers is the primary.
        var primary = 0
        /// The last time at which the past was lost; microseconds since 1970.
        var restoredAt: Int64?
        /// Whether the one server of the layout is where anything can be struck.
        var isServerHeld = false
        var restores = 0
        var isBeingRestored = false
    }

    let layout: Layout
    let folder: String
    let servers: [TemporaryPostgres]
    let proxy: LoopbackProxy?
    let bouncer: PgBouncer?
    let database: String
    let fleet: Fleet
    private let state = Mutex(State())

    private init(
        layout: Layout,
        folder: String,
        servers: [TemporaryPostgres],
        proxy: LoopbackProxy?,
        bouncer: PgBouncer?,
        database: String,
        fleet: Fleet
    ) {
        self.layout = layout
        self.folder = folder
        self.servers = servers
        self.proxy = proxy
        self.bouncer = bouncer
        self.database = database
        self.fleet = fleet
    }

    /// Starts everything.
    ///
    /// - Parameter accepted: told of each workflow that a worker has started.
    static func open(
        _ layout: Layout,
        folder: String,
        off: [Protection],
        accepted: @escaping @Sendable (String) -> Void
    ) async throws -> Arena {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let isSmall = layout == .smallDisk
        let settings = [
            "max_wal_size = '\(isSmall ? "64MB" : "1GB")'", "min_wal_size = '32MB'", "max_prepared_transactions = 0",
            "log_min_messages = fatal",
        ]
        let primary = try await TemporaryPostgres.start(.init(settings: settings, diskSize: isSmall ? 256 : nil))
        let database = try await primary.createDatabase()
        try await SchemaMigrator().prepare(PostgresConfiguration(primary.connectionString(database: database)))
        for text in Observer.statements { try await primary.administer(text, database: database) }
        for protection in off {
            for text in protection.statements { try await primary.administer(text, database: database) }
        }
        var servers = [primary]
        var (proxy, bouncer): (LoopbackProxy?, PgBouncer?) = (nil, nil)
        let socket = primary.folder ?? "/"
        var route: String
        switch layout {
        case .proxy:
            proxy = try LoopbackProxy(folder: folder, target: "\(socket)/.s.PGSQL.5432")
            route = "host='\(folder)' port=\(LoopbackProxy.port)"
        case .bouncer:
            let started = try await PgBouncer.start(folder: folder, server: socket)
            bouncer = started
            route = "host='\(folder)' port=\(PgBouncer.port)"
        case .smallDisk: route = "host='\(socket)' port=5432"
        case .pair:
            let standby = try await TemporaryPostgres.start(
                .init(settings: settings, primary: primary.connectionString())
            )
            servers.append(standby)
            try await Replication.makeSynchronous(primary)
            route = "host='\(socket),\(standby.folder ?? "/")' port=5432,5432 target_session_attrs=read-write"
        }
        route += " user=postgres dbname='\(database)'"
        var base = WorkerOptions(database: route, effects: "", log: "")
        base.prepares = layout != .bouncer
        base.listens = layout != .bouncer
        base.off = off
        let fleet = Fleet(count: 3, folder: folder, base: base, accepted: accepted)
        let arena = Arena(
            layout: layout,
            folder: folder,
            servers: servers,
            proxy: proxy,
            bouncer: bouncer,
            database: database,
            fleet: fleet
        )
        do {
            try await fleet.start()
        } catch {
            await arena.close()
            throw error
        }
        return arena
    }

    /// Ends everything; the folder stays until it is removed.
    func close() async {
        await self.fleet.end()
        self.proxy?.stop()
        await self.bouncer?.stop()
        for server in self.servers { try? await server.stop() }
    }

    func removeFolder() { try? FileManager.default.removeItem(atPath: self.folder) }

    // MARK: - The server

    /// The server that takes writes, when none of them is just being struck.
    var primary: TemporaryPostgres { self.servers[self.state.withLock { $0.primary }] }
    var standby: TemporaryPostgres? {
        self.servers.count > 1 ? self.servers[1 - self.state.withLock { $0.primary }] : nil
    }

    func swapPrimary() { self.state.withLock { $0.primary = 1 - $0.primary } }

    /// How the suite itself reaches the database: past whatever stands between.
    var configuration: PostgresConfiguration {
        var configuration = PostgresConfiguration(self.primary.connectionString(database: self.database))
        configuration.applicationName = "durable-faults-suite"
        configuration.connectTimeout = .seconds(3)
        configuration.requestTimeout = .seconds(10)
        return configuration
    }

    /// A configuration that finds the primary by itself, whichever it is.
    var clientConfiguration: PostgresConfiguration {
        let hosts = self.servers.map { $0.folder ?? "/" }.joined(separator: ",")
        let ports = self.servers.map { _ in "5432" }.joined(separator: ",")
        var configuration = PostgresConfiguration(
            "host='\(hosts)' port=\(ports) user=postgres dbname='\(self.database)' target_session_attrs=read-write"
        )
        configuration.applicationName = "durable-faults-suite"
        configuration.connectTimeout = .seconds(3)
        configuration.requestTimeout = .seconds(6)
        return configuration
    }

    /// Takes the server for something that only one can do at a time.
    func holdServer() -> Bool {
        self.state.withLock { state in
            defer { state.isServerHeld = true }
            return !state.isServerHeld
        }
    }

    func releaseServer() { self.state.withLock { $0.isServerHeld = false } }

    // MARK: - The past

    /// When the past was lost last.
    var restoredAt: Int64? { self.state.withLock { $0.restoredAt } }
    /// How often it was.
    var restores: Int { self.state.withLock { $0.restores } }

    /// Whether the past is being lost now.
    var isBeingRestored: Bool { self.state.withLock { $0.isBeingRestored } }

    /// Whether the past is another one than after so many losses, or is about to be.
    func hasLostPast(since restores: Int) -> Bool { self.isBeingRestored || self.restores != restores }

    /// Loses the past, by doing so.
    func losePast(_ restore: () async throws -> Void) async rethrows {
        self.state.withLock { $0.isBeingRestored = true }
        defer { self.state.withLock { $0.isBeingRestored = false } }
        try await restore()
        let now = System.now()
        self.state.withLock { state in
            state.restoredAt = now
            state.restores += 1
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Logging
import TemporaryPostgres

@testable import Durable

/// A database of its own with the schema in it, a session to look around in, and executors in this process.
struct ExecutorFixture: Sendable {
    let database: String
    let statements: Statements
    let configuration: PostgresConfiguration
    /// The tester's own session.
    let session: PostgresConnection

    /// The settings of the engine's connections.
    static let engineSettings = [
        "plan_cache_mode": "force_generic_plan", "jit": "off", "enable_hashjoin": "off", "enable_mergejoin": "off",
        "enable_seqscan": "off",
    ]

    static func run<R>(
        schema: SchemaName = .standard,
        on server: TemporaryPostgres? = nil,
        _ body: (ExecutorFixture) async throws -> R
    ) async throws -> R {
        if server == nil, schema == .standard {
            return try await withTestDatabase {
                try await Self.run(in: $0.name, configuration: $0.configuration, schema, body)
            }
        }
        let postgres = if let server { server } else { try await TemporaryPostgres.shared() }
        let database = try await postgres.createDatabase()
        let configuration = PostgresConfiguration.patient(postgres.connectionString(database: database))
        let session = try await PostgresConnection.connect(configuration)
        for migration in try Migration.all() {
            for statement in migration.statements(for: schema) { try await session.execute("\(unescaped: statement)") }
        }
        session.close()
        let result: R
        do {
            result = try await Self.run(in: database, configuration: configuration, schema, body)
        } catch {
            try? await postgres.dropDatabase(database)
            throw error
        }
        try await postgres.dropDatabase(database)
        return result
    }

    private static func run<R>(
        in database: String,
        configuration: PostgresConfiguration,
        _ schema: SchemaName,
        _ body: (ExecutorFixture) async throws -> R
    ) async throws -> R {
        var configuration = configuration
        configuration.settings = Self.engineSettings
        let session = try await PostgresConnection.connect(configuration)
        defer { session.close() }
        return try await body(
            ExecutorFixture(
                database: database,
                statements: Statements(schema: schema),
                configuration: configuration,
                session: session
            )
        )
    }

    /// Another session.
    func connect(on poller: Poller = .shared) async throws -> PostgresConnection {
        try await PostgresConnection.connect(self.configuration, on: poller)
    }

    /// Runs SQL whose tables are named with `durable.`.
    @discardableResult
    func sql(_ text: String) async throws -> Rows {
        try await self.session.query("\(unescaped: self.statements.schema.rewrite(text))")
    }

    /// The one value of a query.
    func value<T: PostgresDecodable>(_ text: String, as type: T.Type = T.self) async throws -> T {
        guard let row = try await self.sql(text).first else { throw NeverHappened(what: "a row of \(text)") }
        return try row.decode(0, as: type)
    }

    /// The first column of a query.
    func column<T: PostgresDecodable>(_ text: String, as type: T.Type = T.self) async throws -> [T] {
        try await self.sql(text).map { try $0.decode(0, as: type) }
    }

    /// An executor with a short lease, and what it reports.
    func executor(
        name: String? = nil,
        period: Duration = .seconds(6),
        renewEvery: Duration = .milliseconds(200),
        offers: [WorkflowOffer] = [],
        logs: Recorder<String> = Recorder(),
        activity: @escaping @Sendable () -> [ActivityRow] = { [] }
    ) -> (executor: Executor, events: Recorder<ExecutorEvent>) {
        let events = Recorder<ExecutorEvent>()
        var lease = LeaseOptions(period: period)
        // Many tests share two cores: what is tested is the order of things, not the speed of this machine.
        lease.renewEvery = renewEvery
        lease.requestDeadline = period / 2
        let executor = Executor(
            configuration: self.configuration,
            statements: self.statements.executors,
            recovery: self.statements.recovery,
            options: ExecutorOptions(name: name, build: "test", offers: offers, lease: lease),
            logger: Logger(recordingTo: logs),
            events: ExecutorEvents(
                lapsed: { events.record(.lapsed($0.identity.number)) },
                restored: { events.record(.restored($0.identity.number)) },
                ended: { events.record(.ended($0.identity.number, $1)) },
                registered: { events.record(.registered($0.identity.number)) }
            ),
            activity: activity
        )
        return (executor, events)
    }

    /// Enters an executor of a process that is not there, with a lease that ends `expiry` from now.
    func stranger(name: String = "stranger", facts: ProcessFacts? = nil, lease: String = "1 hour") async throws -> Int32
    {
        func quoted(_ text: String?) -> String { text.map { "'\($0)'" } ?? "NULL" }
        let number = try await self.value(
            """
            INSERT INTO durable.executor (id, name, host, pid, boot_id, pid_namespace, process_started)
            VALUES (gen_random_uuid(), '\(name)', 'elsewhere', \(facts?.pid ?? 1), \(quoted(facts?.bootID)),
                    \(quoted(facts?.pidNamespace)), \(quoted(facts?.processStarted)))
            RETURNING number
            """,
            as: Int32.self
        )
        try await self.sql(
            """
            INSERT INTO durable.lease (executor, expires_at, period)
            VALUES (\(number), durable.clock() + interval '\(lease)', interval '1 second')
            """
        )
        return number
    }

    /// Makes the server look as if it had been known for long, so that leases that have expired are over.
    func ageServer() async throws {
        try await self.sql("UPDATE durable.server SET since = '2001-01-01'")
    }

    /// Enters workflows; owned ones under run token 1 and up.
    func workflows(
        _ ids: ClosedRange<Int>,
        name: String = "w",
        version: Int32 = 1,
        state: String = "queued",
        owner: Int32? = nil
    ) async throws {
        try await self.sql(
            """
            WITH entered AS (
                INSERT INTO durable.workflow (id, name, version)
                SELECT '\(name)-' || i, '\(name)', \(version) FROM generate_series(\(ids.lowerBound), \(ids.upperBound)) AS i
                RETURNING id, name, version
            )
            INSERT INTO durable.live (workflow_id, name, version, state, executor, epoch, run)
            SELECT id, name, version, '\(state)', \(owner.map(String.init) ?? "NULL"),
                   \(owner == nil ? "NULL" : "1"), \(owner == nil ? "NULL" : "row_number() OVER ()")
            FROM entered
            """
        )
    }
}

/// What an executor has told.
enum ExecutorEvent: Hashable, Sendable {
    case lapsed(Int32)
    case restored(Int32)
    case ended(Int32, LeaseEnding)
    case registered(Int32)
}

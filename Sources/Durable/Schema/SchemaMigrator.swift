// SPDX-License-Identifier: Apache-2.0

package import Libpq

/// Brings the schema to what the code needs, or says in words why that cannot be.
///
/// Safe to run in any number of processes at once: each migration is one transaction under an advisory lock, and the second
/// process finds it applied.
package struct SchemaMigrator: Sendable {
    /// What was found, and done.
    package struct Report: Hashable, Sendable {
        /// The newest applied migration; it may be newer than the code.
        package let version: Int
        /// What this call has applied.
        package let applied: [Int]
    }

    package let schema: SchemaName
    package let mode: MigrationMode
    /// How long to wait for another process that migrates, and for a table that somebody has locked.
    package let lockTimeout: Duration
    private let plan: SchemaPlan

    /// First half of the advisory lock's key.
    ///
    /// `durb` in ASCII. The second is the hash of the schema's name.
    private static let lockClass = 0x6475_7262

    package init(
        schema: SchemaName = .standard,
        mode: MigrationMode = .onBoot,
        migrations: [Migration],
        generation: Int = CodeGeneration.current,
        lockTimeout: Duration = .seconds(30)
    ) {
        self.schema = schema
        self.mode = mode
        self.lockTimeout = lockTimeout
        self.plan = SchemaPlan(migrations: migrations, generation: generation)
    }

    /// With the migrations of this library.
    package init(
        schema: SchemaName = .standard,
        mode: MigrationMode = .onBoot,
        lockTimeout: Duration = .seconds(30)
    ) throws(DurableError) {
        self.init(schema: schema, mode: mode, migrations: try Migration.all(), lockTimeout: lockTimeout)
    }

    /// Connects, does what the mode says, and disconnects.
    ///
    /// - Throws: `databaseUnavailable`; `invalidConfiguration` for an encoding other than UTF-8; `schemaMismatch` for
    ///   everything else that is missing, refused, changed or too new.
    @discardableResult
    package func prepare(_ configuration: PostgresConfiguration) async throws(DurableError) -> Report {
        var configuration = configuration
        // Each statement runs once: nothing to keep prepared. And a migration takes as long as it takes.
        configuration.statementCache = .disabled
        configuration.requestTimeout = nil
        do {
            let connection = try await PostgresConnection.connect(configuration)
            defer { connection.close() }
            return try await self.prepare(on: connection)
        } catch let error as DurableError {
            throw error
        } catch {
            throw DurableError(.databaseUnavailable, "the schema cannot be checked: \(error)", underlying: error)
        }
    }

    private func prepare(on connection: PostgresConnection) async throws -> Report {
        let status = try await SchemaStatus.read(of: self.schema, on: connection)
        let place = "schema \"\(self.schema)\" of database \"\(status.database)\""
        try status.checkServer()
        let applied = try await self.applied(status, place, on: connection)
        let pending = try self.plan.pending(after: applied, in: place)
        let newest = applied.map(\.version).max() ?? 0
        guard !pending.isEmpty else { return Report(version: newest, applied: []) }

        let names = pending.map { "\($0.version) (\($0.name))" }.joined(separator: ", ")
        guard self.mode == .onBoot else {
            let what = applied.isEmpty ? "\(place) does not exist or is empty" : "\(place) is at migration \(newest)"
            throw DurableError(
                .schemaMismatch,
                """
                \(what), and this process needs migration \(names): boot one process with migrate: .onBoot as a role that \
                may create tables, or apply the files of sql/migrations with psql
                """
            )
        }
        guard status.mayCreate else {
            throw DurableError(
                .schemaMismatch,
                """
                \(place) needs migration \(names), and role "\(status.role)" may not create anything there: GRANT CREATE ON \
                \(status.exists ? "SCHEMA \(self.schema.quoted)" : "DATABASE \"\(status.database)\"") TO it, or migrate as \
                another role
                """
            )
        }
        var done: [Int] = []
        for migration in pending where try await self.apply(migration, place, on: connection) {
            done.append(migration.version)
        }
        return Report(version: max(newest, pending.last?.version ?? 0), applied: done)
    }

    private func applied(
        _ status: SchemaStatus,
        _ place: String,
        on connection: PostgresConnection
    ) async throws -> [AppliedMigration] {
        guard status.exists else { return [] }
        // With the right to create in it, a schema that is empty is only a place to fill.
        guard status.mayUse else {
            throw DurableError(
                .schemaMismatch,
                "role \"\(status.role)\" may not use \(place): GRANT durable_runtime TO \"\(status.role)\""
            )
        }
        guard status.hasMigrations else { return [] }
        guard status.mayRead else {
            throw DurableError(
                .schemaMismatch,
                """
                role "\(status.role)" may not read the table migration in \(place): \
                GRANT durable_runtime TO "\(status.role)"
                """
            )
        }
        return try await self.readApplied(on: connection)
    }

    private func readApplied(on connection: PostgresConnection) async throws(PostgresError) -> [AppliedMigration] {
        let sql =
            "SELECT version::bigint, name, oldest_generation::bigint, checksum FROM durable.migration ORDER BY version"
        let rows = try await connection.query(Query(self.schema.rewrite(sql)))
        var applied: [AppliedMigration] = []
        for row in rows {
            let (version, name, generation, checksum) = try row.decode((Int, String, Int, String?).self)
            applied.append(
                AppliedMigration(version: version, name: name, oldestGeneration: generation, checksum: checksum)
            )
        }
        return applied
    }

    /// Applies one migration in its transaction; false when another process was first.
    private func apply(_ migration: Migration, _ place: String, on connection: PostgresConnection) async throws -> Bool
    {
        do {
            try await connection.run(Pipeline(self.beginning()))
        } catch {
            throw self.explain(error, migration, place)
        }
        // A statement of its own: only now, with the lock, does a snapshot show what the process before us has done.
        let status = try await SchemaStatus.read(of: self.schema, on: connection)
        if status.hasMigrations,
            try await self.readApplied(on: connection).contains(where: { $0.version == migration.version })
        {
            try await connection.execute("ROLLBACK")
            return false
        }
        var statements = migration.statements(for: self.schema).map { Statement(Query($0)) }
        let checksum = migration.checksum
        let record = self.schema.rewrite("UPDATE durable.migration SET checksum = $1 WHERE version = $2")
        statements.append(
            Statement(Query(record, parameters: [Parameter(checksum), Parameter(Int32(migration.version))]))
        )
        statements.append(Statement("COMMIT"))
        let results: [StatementResult]
        do {
            results = try await connection.run(Pipeline(statements))
        } catch {
            throw self.explain(error, migration, place)
        }
        let recorded = results.dropLast().last?.affected
        guard recorded == 1, let tag = results.last?.tag, tag == "COMMIT" else {
            throw DurableError(
                .schemaMismatch,
                "migration \(migration.version) (\(migration.name)) does not end with its row in the table migration"
            )
        }
        return true
    }

    /// Nothing of what role or database prescribe may matter: isolation, read only, time-outs, search path.
    private func beginning() -> [Statement] {
        let milliseconds = max(1, Int64(self.lockTimeout / .milliseconds(1)))
        return [
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
            "SET LOCAL statement_timeout = 0",
            "SET LOCAL idle_in_transaction_session_timeout = 0",
            "SET LOCAL search_path = pg_catalog",
            "SET LOCAL lock_timeout = \(unescaped: String(milliseconds))",
            """
            SELECT pg_catalog.pg_advisory_xact_lock(\(unescaped: String(Self.lockClass)), \
            pg_catalog.hashtext(\(self.schema.name)))
            """,
        ].map { (query: Query) in Statement(query) }
    }

    private func explain(_ error: PostgresError, _ migration: Migration, _ place: String) -> DurableError {
        let what = "migration \(migration.version) (\(migration.name)) of \(place)"
        switch error.sqlState {
        case "55P03":
            return DurableError(
                .schemaMismatch,
                """
                \(what) was not applied: another session has held its lock for \(self.lockTimeout). Another process is \
                migrating, or somebody has locked a table: see pg_locks and pg_stat_activity
                """,
                underlying: error
            )
        case "42501":
            return DurableError(
                .schemaMismatch,
                "\(what) was not applied: \(error.message). Migrate as a role that may, and grant durable_runtime to this one",
                underlying: error
            )
        case "25006":
            return DurableError(
                .databaseUnavailable,
                """
                \(what) was not applied: the server takes no writes (\(error.message)): connect to the primary, \
                with target_session_attrs=read-write
                """,
                underlying: error
            )
        default:
            let code: DurableError.Code = error.isConnectionLost ? .databaseUnavailable : .schemaMismatch
            return DurableError(code, "\(what) was not applied: \(error.message)", underlying: error)
        }
    }
}

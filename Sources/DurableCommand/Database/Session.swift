// SPDX-License-Identifier: Apache-2.0

import Durable
import Libpq

/// A connection to the database of the workflows, and where the answers go.
struct Session {
    let connection: PostgresConnection
    let schema: SchemaName
    let statements: CommandStatements
    let terminal: Terminal
    let isJSON: Bool
    /// The database's time when the session began.
    let now: PostgresTimestamp

    /// Connects, runs the body, and disconnects.
    ///
    /// - Throws: `CommandFailure`, whatever went wrong.
    static func with(
        _ database: DatabaseOptions,
        isJSON: Bool,
        _ body: (Session) async throws -> Void
    ) async throws {
        let schema = try Self.translating(.standard) { try database.schemaName() }
        try await self.translating(schema) {
            let connection = try await PostgresConnection.connect(database.configuration)
            defer { connection.close() }
            do {
                try await body(self.open(connection, schema, isJSON: isJSON))
            } catch let error as PostgresError where Self.namesNothing.contains(error.sqlState ?? "") {
                throw try await self.explain(error, connection, schema)
            }
        }
    }

    private static func open(
        _ connection: PostgresConnection,
        _ schema: SchemaName,
        isJSON: Bool
    ) async throws -> Session {
        let statements = CommandStatements(schema: schema)
        let row = try await connection.query(Query(statements.clock)).first
        return Session(
            connection: connection,
            schema: schema,
            statements: statements,
            terminal: .current,
            isJSON: isJSON,
            now: try row?.decode(0) ?? .infinity
        )
    }

    /// An unknown schema, table, column, function or type.
    private static let namesNothing: Set<String> = ["3F000", "42P01", "42703", "42883", "42704"]

    /// Why something that the command asks for is not in the database.
    private static func explain(
        _ error: PostgresError,
        _ connection: PostgresConnection,
        _ schema: SchemaName
    ) async throws -> CommandFailure {
        let status = try await SchemaStatus.read(of: schema, on: connection)
        let place = "schema \"\(schema)\" of database \"\(status.database)\""
        let option = schema == .standard ? "" : " --schema \(schema)"
        guard status.exists, status.hasMigrations else {
            return CommandFailure(
                .schema,
                """
                \(place) \(status.exists ? "is empty" : "does not exist"): make it with `durable migrate\(option)`, or name \
                another one with --database and --schema
                """
            )
        }
        guard status.mayUse else {
            return CommandFailure(
                .schema,
                "role \"\(status.role)\" may not use \(place): GRANT durable_operator TO \"\(status.role)\""
            )
        }
        return CommandFailure(
            .schema,
            "\(place) is older than this command (\(error.message)): bring it up to date with `durable migrate\(option)`"
        )
    }

    /// Turns every error into words and a status.
    static func translating<R>(_ schema: SchemaName, _ body: () async throws -> R) async throws(CommandFailure) -> R {
        do {
            return try await body()
        } catch let failure as CommandFailure {
            throw failure
        } catch let error as PostgresError {
            throw CommandFailure(error, schema: schema)
        } catch let error as DurableError {
            throw CommandFailure(error)
        } catch {
            throw CommandFailure(.failed, "\(error)")
        }
    }

    private static func translating<R>(_ schema: SchemaName, _ body: () throws -> R) throws(CommandFailure) -> R {
        do {
            return try body()
        } catch let error as DurableError {
            throw CommandFailure(error)
        } catch {
            throw CommandFailure(.failed, "\(error)")
        }
    }

    // MARK: - Asking

    /// Runs a statement and returns what it answers.
    func records(_ sql: String, _ parameters: [Parameter] = []) async throws -> [Record] {
        try Record.all(try await self.connection.query(Query(sql, parameters: parameters)))
    }

    /// One workflow.
    ///
    /// - Throws: `CommandFailure.notFound`.
    func workflow(_ id: String) async throws -> Record {
        guard let record = try await self.records(self.statements.workflow, [Parameter(id)]).first else {
            throw CommandFailure.noWorkflow(id)
        }
        return record
    }

    // MARK: - Answering

    /// Prints records: a line of JSON for each, or a table.
    ///
    /// - Parameter empty: What is said to a person when there is none.
    func print(_ records: [Record], as listing: Listing, empty: String) throws {
        guard !self.isJSON else { return try self.terminal.say(records.map { JSONLine.of($0) }) }
        guard !records.isEmpty else { return self.terminal.remark(empty) }
        let table = listing.table(records, now: self.now)
        try self.terminal.say(table.lines(width: self.terminal.width, colours: self.terminal.colours))
    }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Durable
import Libpq

/// `durable migrate`: brings the schema up to date, or says what it takes.
struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Brings the schema up to date.",
        discussion: "Safe to run in any number of processes at once, and while services run."
    )

    @Flag(name: .long, help: "Print the SQL instead, for those who migrate with another tool. Needs no database.")
    var print = false

    @Option(name: .long, help: ArgumentHelp("With --print: from this migration on.", valueName: "number"))
    var from = 1

    @Flag(name: .long, help: "Change nothing; end with 5 when something is missing.")
    var verify = false

    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func validate() throws {
        guard !self.print || !self.verify else { throw ValidationError("--print and --verify exclude each other.") }
        guard self.print || self.from == 1 else { throw ValidationError("--from goes with --print.") }
        guard self.from >= 1 else { throw ValidationError("Migrations are numbered from 1.") }
    }

    func run() async throws {
        try await Session.translating(.standard) {
            let schema = try self.database.schemaName()
            let terminal = Terminal.current
            let migrations = try Migration.all()
            guard !self.print else { return try self.show(migrations, schema, terminal) }
            let migrator = SchemaMigrator(schema: schema, mode: self.verify ? .verify : .onBoot, migrations: migrations)
            let report: SchemaMigrator.Report
            do throws(DurableError) {
                report = try await migrator.prepare(self.database.configuration.forMigrating)
            } catch {
                guard self.verify, error.code == .schemaMismatch else { throw error }
                throw CommandFailure(.schema, "\(error). Or run `durable migrate`")
            }
            try self.tell(report, migrations, schema, terminal)
        }
    }

    private func show(_ migrations: [Migration], _ schema: SchemaName, _ terminal: Terminal) throws {
        let wanted = migrations.filter { $0.version >= self.from }
        guard !wanted.isEmpty else {
            throw CommandFailure(.usage, "the newest migration is \(migrations.last?.version ?? 0)")
        }
        for migration in wanted {
            let sql = schema.rewrite(migration.sql)
            guard !self.output.json else {
                let record = Record([
                    ("version", .integer(Int64(migration.version))), ("name", .text(migration.name)),
                    ("sql", .text(sql)),
                ])
                try terminal.say(JSONLine.of(record))
                continue
            }
            // As it is: it has to run.
            try terminal.say(sql.hasSuffix("\n") ? String(sql.dropLast()) : sql)
        }
    }

    private func tell(
        _ report: SchemaMigrator.Report,
        _ migrations: [Migration],
        _ schema: SchemaName,
        _ terminal: Terminal
    ) throws {
        guard !self.output.json else {
            let record = Record([
                ("schema", .text(schema.name)), ("version", .integer(Int64(report.version))),
                ("applied", .json("[\(report.applied.map(String.init).joined(separator: ","))]")),
            ])
            return try terminal.say(JSONLine.of(record))
        }
        for version in report.applied {
            let name = migrations.first { $0.version == version }?.name ?? ""
            try terminal.say("applied migration \(version) (\(name))")
        }
        try terminal.say("schema \"\(Printable.text(schema.name))\" is up to date: migration \(report.version)")
    }
}

extension PostgresConfiguration {
    /// A migration takes as long as it takes; the migrator says for each transaction how long it waits.
    fileprivate var forMigrating: PostgresConfiguration {
        var copy = self
        copy.settings = [:]
        copy.requestTimeout = nil
        return copy
    }
}

// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Foundation
import Libpq
import TemporaryPostgres
import Testing

@Suite struct SetUpTests {
    private func withEmpty(_ body: (TestDatabase) async throws -> Void) async throws {
        let database = try await TestDatabase.makeEmpty()
        do {
            try await body(database)
        } catch {
            try? await database.drop()
            throw error
        }
        try await database.drop()
    }

    @Test func `a schema is verified, made, and found complete`() async throws {
        try await self.withEmpty { database in
            let newest = try #require(try Migration.all().last)
            let missing = try await Invocation.durable("migrate", "--verify", on: database)
            #expect(missing.status == 5)
            #expect(missing.errors.contains("durable migrate"))
            let list = try await Invocation.durable("list", on: database)
            #expect(list.status == 5)
            #expect(list.errors.contains("does not exist: make it with `durable migrate`"))

            let made = try await Invocation.durable("migrate", on: database)
            #expect(made.status == 0, "\(made.errors)")
            #expect(made.lines.first == "applied migration 1 (kernel)")
            #expect(made.lines.last == "schema \"durable\" is up to date: migration \(newest.version)")
            let again = try await Invocation.durable("migrate", "--json", on: database)
            #expect(again.output == "{\"schema\":\"durable\",\"version\":\(newest.version),\"applied\":[]}\n")
            let verified = try await Invocation.durable("migrate", "--verify", on: database)
            #expect(verified.status == 0)
            let listed = try await Invocation.durable("list", on: database)
            #expect(listed.status == 0)

            let other = try await Invocation.durable("migrate", "--schema", "od\"d 'one", on: database)
            #expect(other.status == 0, "\(other.errors)")
            let stats = try await Invocation.durable("stats", "--schema", "od\"d 'one", on: database)
            #expect(stats.status == 0, "\(stats.errors)")
            let nowhere = try await Invocation.durable("versions", "--schema", "none", on: database)
            #expect(nowhere.status == 5)
        }
    }

    @Test func `the printed SQL makes the same schema with another tool`() async throws {
        try await self.withEmpty { database in
            // Without any database.
            let printed = try await Invocation.durable(["migrate", "--print"], on: nil)
            #expect(printed.status == 0, "\(printed.errors)")
            let file = FileManager.default.temporaryDirectory.appending(path: "migrate-\(UUID().uuidString).sql")
            try Data(printed.output.utf8).write(to: file)
            defer { try? FileManager.default.removeItem(at: file) }
            let psql = try Child.spawn(
                "/usr/bin/env",
                ["psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", database.connectionString, "-f", file.path],
                environment: ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" },
                errorsToOutput: true
            )
            let said = psql.readAll()
            #expect(psql.wait() == 0, "\(said)")
            let verified = try await Invocation.durable("migrate", "--verify", on: database)
            #expect(verified.status == 0, "\(verified.errors)")
            let second = try await Invocation.durable(["migrate", "--print", "--from", "2", "--json"], on: nil)
            #expect(try second.documents().first?["name"] as? String == "messages")
        }
    }
}

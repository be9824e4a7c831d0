// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct SchemaPlanTests {
    private static let one = migration(1, "one", 1)
    private static let two = migration(2, "two", 1)
    private static let plan = SchemaPlan(migrations: [one, two], generation: 2)

    @Test func `nothing applied: everything is pending; all applied: nothing is`() throws {
        #expect(try Array(Self.plan.pending(after: [], in: "here")) == [Self.one, Self.two])
        #expect(try Array(Self.plan.pending(after: [Self.row(Self.one)], in: "here")) == [Self.two])
        #expect(try Self.plan.pending(after: [Self.row(Self.one), Self.row(Self.two)], in: "here").isEmpty)
    }

    @Test func `a newer schema is accepted while it allows this generation`() throws {
        let all = [Self.row(Self.one), Self.row(Self.two)]
        let expanded = AppliedMigration(version: 3, name: "expand", oldestGeneration: 2, checksum: "x")
        #expect(try Self.plan.pending(after: all + [expanded], in: "here").isEmpty)

        let contracted = AppliedMigration(version: 4, name: "contract", oldestGeneration: 3, checksum: "x")
        Self.expect(
            all + [expanded, contracted],
            """
            here has migration 4 (contract), which only code of generation 3 or newer can run on, and this process is \
            generation 2: deploy a newer version of swift-durable
            """
        )
    }

    @Test func `a changed file, and a changed name, are refused`() {
        let changed = AppliedMigration(version: 1, name: "one", oldestGeneration: 1, checksum: "0123456789abcdef")
        Self.expect(
            [changed],
            """
            migration 1 of here is not the one that this process has: applied is one with checksum 0123456789abcdef, and \
            the code has one with checksum \(Self.one.checksum). A released migration is never edited: use the code that \
            applied it, or restore the file
            """
        )
        let renamed = AppliedMigration(version: 1, name: "eins", oldestGeneration: 1, checksum: nil)
        Self.expect([renamed], "applied is eins with checksum unknown")
    }

    @Test func `what was applied by hand has no checksum and is accepted`() throws {
        let byHand = AppliedMigration(version: 1, name: "one", oldestGeneration: 1, checksum: nil)
        #expect(try Array(Self.plan.pending(after: [byHand], in: "here")) == [Self.two])
    }

    @Test func `a hole is refused, never filled`() {
        let later = AppliedMigration(version: 3, name: "three", oldestGeneration: 1, checksum: nil)
        Self.expect([Self.row(Self.one), later], "here has migration 3 and lacks migration 2 (two)")
    }

    private static func expect(_ applied: [AppliedMigration], _ words: String) {
        let error = #expect(throws: DurableError.self) { try self.plan.pending(after: applied, in: "here") }
        #expect(error?.code == .schemaMismatch)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    private static func row(_ migration: Migration) -> AppliedMigration {
        AppliedMigration(
            version: migration.version,
            name: migration.name,
            oldestGeneration: migration.oldestGeneration,
            checksum: migration.checksum
        )
    }

    private static func migration(_ version: Int, _ name: String, _ generation: Int) -> Migration {
        do {
            return try Migration(file: "\(version)_\(name).sql", sql: "-- oldest code generation: \(generation)\n")
        } catch {
            preconditionFailure("\(error)")
        }
    }
}

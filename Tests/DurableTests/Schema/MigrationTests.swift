// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Durable

@Suite struct MigrationTests {
    @Test func `every file of sql/migrations is embedded as it is`() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../sql/migrations").standardizedFileURL
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        let migrations = try Migration.all()
        #expect(migrations.count == files.count)
        for (file, migration) in zip(files, migrations) {
            let sql = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
            #expect(migration == (try Migration(file: file, sql: sql)))
        }
        #expect(migrations.map(\.version) == Array(1...migrations.count))
    }

    @Test func `each file is one transaction that records itself with what its head declares`() throws {
        for migration in try Migration.all() {
            let (version, name) = (migration.version, migration.name)
            let record = "VALUES (\(version), '\(name)', \(migration.oldestGeneration))"
            #expect(migration.sql.contains("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"))
            #expect(migration.sql.contains(record))
            #expect(migration.sql.hasSuffix("\nCOMMIT;\n"))
            let statements = migration.statements(for: .standard)
            #expect(statements.count > 1)
            #expect(!statements.contains { $0.hasPrefix("BEGIN") || $0.hasPrefix("COMMIT") })
        }
    }

    @Test func `statements end at their own semicolons only`() throws {
        let migration = try Migration(
            file: "0007_some_name.sql",
            sql: """
                -- oldest code generation: 3
                BEGIN;
                SELECT 'a;b' -- c;d
                    , ";";
                DO $$ BEGIN; END $$;
                ;
                COMMIT;
                """
        )
        #expect(migration.version == 7)
        #expect(migration.name == "some_name")
        #expect(migration.oldestGeneration == 3)
        #expect(
            migration.statements(for: .standard) == ["SELECT 'a;b' -- c;d\n    , \";\"", "DO $$ BEGIN; END $$"]
        )
    }

    @Test(arguments: [("kernel.sql", "-- oldest code generation: 1"), ("0001_kernel.sql", "-- nothing")])
    func `a file without number or generation is refused`(file: String, sql: String) {
        let error = #expect(throws: DurableError.self) { try Migration(file: file, sql: sql) }
        #expect(error?.message.contains(file) == true)
    }

    @Test func `the checksum is FNV-1a`() throws {
        let migration = try Migration(file: "0001_a.sql", sql: "-- oldest code generation: 1\n")
        #expect(migration.checksum == "3e2d167f42b20e9a")
    }
}

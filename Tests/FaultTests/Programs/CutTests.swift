// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Libpq
import TemporaryPostgres
import Testing

@testable import FaultSuite

extension FaultTests {
    @Suite struct CutTests {
        @Test func `a cut waits for its own moment, whatever other cuts are made meanwhile`() async throws {
            try await withTestDatabase { database in
                try await database.execute("CREATE TABLE given (back int)")
                try await database.execute("INSERT INTO given VALUES (0)")
                let folder = FaultSuite.Suite.folder()
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                defer { try? FileManager.default.removeItem(atPath: folder) }
                let server = try #require(try await TemporaryPostgres.shared().folder)
                let proxy = try LoopbackProxy(folder: folder, target: "\(server)/.s.PGSQL.5432")
                defer { proxy.stop() }
                let route = PostgresConfiguration(
                    "host='\(folder)' port=\(LoopbackProxy.port) user=postgres dbname='\(database.name)'"
                )

                let asking = try await PostgresConnection.connect(route)
                let giving = try await PostgresConnection.connect(route)
                proxy.arm(.afterRelease)
                proxy.arm(.midStatement)
                let cut = await #expect(throws: PostgresError.self) {
                    try await asking.query("SELECT 'in the middle of it'")
                }
                #expect(cut?.isConnectionLost == true)
                #expect((proxy.made(.midStatement), proxy.made(.afterRelease)) == (1, 0))

                // A fence, and rows that are changed by it: it is committed, and nobody is told.
                let release = Pipeline([Statement("SELECT 1"), Statement("UPDATE given SET back = back + 1")])
                let lost = await #expect(throws: PostgresError.self) { try await giving.run(release) }
                #expect(lost?.isConnectionLost == true)
                #expect((proxy.made(.midStatement), proxy.made(.afterRelease)) == (1, 1))
                let direct = try await PostgresConnection.connect(database.configuration)
                defer { direct.close() }
                #expect(try await direct.query("SELECT back FROM given")[0].decode(0, as: Int.self) == 1)
            }
        }
    }
}

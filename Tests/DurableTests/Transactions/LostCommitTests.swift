// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import TemporaryPostgres
import Testing

@testable import Durable

@Suite struct LostCommitTests {
    @Test(arguments: CommitProxy.Break.allCases, [PostgresIsolation.readCommitted, .serializable])
    func `a COMMIT whose reply is lost is asked of the journal, and repeated only if it did not happen`(
        point: CommitProxy.Break,
        isolation: PostgresIsolation
    ) async throws {
        let runs = Counter()
        let program = Plain { _, workflow in
            let run = try await workflow.transaction("write", isolation: isolation) { transaction in
                let run = runs.next()
                try await transaction.execute("INSERT INTO effect_with_proxy VALUES (\(run))")
                return run
            }
            return try await workflow.step("after") { _ in run }
        }
        let folder = try #require(try await TemporaryPostgres.shared().folder, "a server whose socket is known")
        try await withDatabase { database in
            try await database.execute("CREATE TABLE effect_with_proxy (id int)")
            let proxy = try CommitProxy(to: "\(folder)/.s.PGSQL.5432", marker: "effect_with_proxy", at: point)
            defer { proxy.stop() }
            var configuration = PostgresConfiguration(database.connectionString + " host='\(proxy.folder)'")
            configuration.statementCache = .disabled
            let expected = point == .afterCommit ? 1 : 2
            let result = try await database.withEngine([program], configuration: configuration) { engine in
                try await engine.start(Plain<Int>.self, id: "a").result()
            }
            #expect(proxy.broken.value == 1, "the connection broke at the COMMIT")
            #expect(result == expected)
            #expect(try await database.rows("SELECT id::text FROM effect_with_proxy") == ["\(expected)"])
            #expect(try await database.journal(of: "a") == ["|0|0|write", "|1|0|after"])
            #expect(try await database.text("SELECT attempt::text FROM durable.journal WHERE name = 'write'") == "1")
        }
        #expect(runs.value == (point == .afterCommit ? 1 : 2))
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

@Suite struct TransactionMisuseTests {
    /// Runs a transaction step that writes a row and then does something that it should not do.
    ///
    /// - Returns: What the step threw.
    private func misuse(
        _ act: @escaping @Sendable (Transaction) async throws -> Void,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> StepFailure {
        let program = Plain { _, workflow in
            do {
                try await workflow.transaction("write") { transaction in
                    try await transaction.execute("INSERT INTO effect VALUES (1)")
                    try await act(transaction)
                }
            } catch let failure as StepFailure {
                return failure
            }
            return StepFailure(type: "", message: "nothing was thrown")
        }
        return try await withDatabase(limit: .seconds(60), sourceLocation: sourceLocation) { database in
            try await database.execute("CREATE TABLE effect (id int)")
            let thrown = try await database.withEngine([program]) { engine in
                try await engine.start(Plain<StepFailure>.self, id: "a").result()
            }
            let count = try await database.text("SELECT count(*)::text FROM effect")
            #expect(count == "0", "nothing is committed", sourceLocation: sourceLocation)
            let journal = try await database.rows(
                "SELECT concat_ws(' ', phase, output, error->>'code') FROM durable.journal"
            )
            #expect(
                journal == [["0", thrown.code].compactMap(\.self).joined(separator: " ")],
                "the error is recorded",
                sourceLocation: sourceLocation
            )
            return thrown
        }
    }

    @Test(arguments: ["COMMIT", "ROLLBACK", "END", "ABORT", "BEGIN", "/* why */ commit", "PREPARE TRANSACTION 'x'"])
    func `a body may not end or begin a transaction itself`(sql: String) async throws {
        let thrown = try await self.misuse { try await $0.execute(Query(sql)) }
        #expect(thrown.code == "transactionMisuse")
        #expect(
            thrown.message.hasPrefix(
                "a transaction step commits by returning and rolls back by throwing; it may not say "
            )
        )
        #expect(thrown.message.contains("its checkpoint would be left behind"))
        #expect(thrown.message.hasSuffix("[workflow a] [step write]"))
    }

    @Test func `a body that swallows that error commits nothing either`() async throws {
        let thrown = try await self.misuse { transaction in
            _ = await failure { try await transaction.execute("COMMIT") }
        }
        #expect(thrown.code == "transactionMisuse")
    }

    @Test(
        arguments: [
            "SELECT 1; COMMIT", "DO $$ BEGIN COMMIT; END $$",
        ]
    )
    func `a transaction that is ended by stealth is refused by the server`(sql: String) async throws {
        let thrown = try await self.misuse { try await $0.execute(Query(sql)) }
        #expect(["42601", "2D000"].contains(thrown.code))
    }

    @Test func `a failed statement that the body swallows fails the step, in words`() async throws {
        let thrown = try await self.misuse { transaction in
            _ = await failure { try await transaction.execute("INSERT INTO missing VALUES (1)") }
        }
        #expect(thrown.code == "transactionMisuse")
        #expect(
            thrown.message.hasPrefix(
                "a statement of the transaction had failed and the body went on; nothing of it was committed"
            )
        )
    }

    @Test func `a failed statement is the step's failure with its SQLSTATE`() async throws {
        let thrown = try await self.misuse { try await $0.execute("INSERT INTO missing VALUES (1)") }
        #expect(thrown.code == "42P01")
        #expect(thrown.message.contains("missing"))
    }

    @Test func `COPY is refused once, and not tried for ever`() async throws {
        let thrown = try await self.misuse { try await $0.execute("COPY effect FROM STDIN") }
        #expect(thrown.message.contains("COPY"))
    }

    @Test func `a query that is left half read is read to its end`() async throws {
        let program = Plain { _, workflow in
            try await workflow.transaction("write") { transaction in
                for row in try await transaction.query("SELECT generate_series(1, 100000)") {
                    if try row.decode(0, as: Int32.self) == 2 { break }
                }
                try await transaction.execute("INSERT INTO effect VALUES (1)")
                return 1
            }
        }
        try await withDatabase { database in
            try await database.execute("CREATE TABLE effect (id int)")
            try await database.withEngine([program]) { engine in
                try await engine.start(Plain<Int>.self, id: "a").result()
            }
            #expect(try await database.text("SELECT count(*)::text FROM effect") == "1")
        }
    }
}

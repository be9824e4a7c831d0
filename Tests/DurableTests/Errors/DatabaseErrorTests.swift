// SPDX-License-Identifier: Apache-2.0

import Libpq
import Testing

@testable import Durable

/// What a caller is told of an error of the database.
@Suite struct DatabaseErrorTests {
    private static func error(_ state: String, _ statement: String = "INSERT INTO durable.workflow") -> PostgresError {
        var error = PostgresError(.server, "no", sqlState: state)
        error.statement = statement
        return error
    }

    @Test(arguments: ["25006", "57P01", "57P03", "53300", "53100"])
    func `a server that is going, is full or takes no writes is told as not available`(state: String) {
        let told = DurableError(Self.error(state))
        #expect(told.code == .databaseUnavailable)
        #expect(told.message == "the database is not available: no [SQLSTATE \(state)]")
    }

    @Test func `so is a standby that refuses to begin a transaction that writes, and no other refusal of its kind`() {
        let refused = DurableError(Self.error("0A000", "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"))
        #expect(refused.code == .databaseUnavailable)
        #expect(refused.message == "the database is not available: no [SQLSTATE 0A000]")
        let unsupported = DurableError(Self.error("0A000"))
        #expect(unsupported.code == .schemaMismatch)
        #expect(unsupported.message == "the database refused: no [SQLSTATE 0A000]")
    }

    @Test func `what was refused within a transaction that could begin is not tried again for ever`() {
        #expect(Self.error("0A000", "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").isPassing)
        // It began READ WRITE: only its body can have made it read only.
        #expect(!Self.error("25006").isPassing)
    }
}

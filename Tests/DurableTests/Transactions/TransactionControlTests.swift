// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct TransactionControlTests {
    @Test(
        arguments: [
            ("COMMIT", "COMMIT"), ("commit", "COMMIT"), ("  \n\tCommit;", "COMMIT"), (";;COMMIT", "COMMIT"),
            ("BEGIN", "BEGIN"), ("end", "END"), ("ABORT WORK", "ABORT"), ("ROLLBACK", "ROLLBACK"),
            ("rollback work", "ROLLBACK"), ("ROLLBACK TRANSACTION", "ROLLBACK"), ("ROLLBACK AND CHAIN", "ROLLBACK"),
            ("COMMIT PREPARED 'x'", "COMMIT"), ("START TRANSACTION READ ONLY", "START TRANSACTION"),
            ("PREPARE TRANSACTION 'x'", "PREPARE TRANSACTION"), ("-- why\nCOMMIT", "COMMIT"),
            ("--\r\nCOMMIT", "COMMIT"), ("/* a */ COMMIT", "COMMIT"), ("/* a /* b */ c */COMMIT", "COMMIT"),
            ("/**/--x\n/*/**/*/ ROLLBACK /* to */ WORK", "ROLLBACK"), ("COMMIT--TO", "COMMIT"),
            ("\u{0C}COMMIT", "COMMIT"),
        ]
    )
    func `a statement that begins or ends a transaction is recognised`(sql: String, word: String) {
        #expect(TransactionControl.word(in: sql) == word)
    }

    @Test(
        arguments: [
            "SELECT 1", "", " ", "-- COMMIT", "/* COMMIT */", "/* COMMIT", "SAVEPOINT a", "RELEASE SAVEPOINT a",
            "ROLLBACK TO a", "ROLLBACK TO SAVEPOINT a", "ROLLBACK WORK TO SAVEPOINT a", "rollback transaction to a",
            "PREPARE q AS SELECT 1", "INSERT INTO commit VALUES (1)", "\"COMMIT\"", "COMMITTED", "START", "BEGINNING",
            "WITH x AS (SELECT 'COMMIT') SELECT * FROM x", "/* /* */ COMMIT */ SELECT 1",
        ]
    )
    func `any other statement passes, savepoints among them`(sql: String) {
        #expect(TransactionControl.word(in: sql) == nil)
    }
}

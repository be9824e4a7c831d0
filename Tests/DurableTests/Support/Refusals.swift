// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

/// Expects the server to refuse what the body asks for, with this SQLSTATE and in these words.
func expectRefusal(
    _ sqlState: String,
    _ words: String = "",
    of what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async {
    let name = Comment(rawValue: what)
    let error = await #expect(throws: PostgresError.self, name, sourceLocation: sourceLocation) {
        try await body()
    }
    let seen = Comment(rawValue: "\(what): \(String(describing: error))")
    #expect(error?.sqlState == sqlState, seen, sourceLocation: sourceLocation)
    #expect(error?.message.contains(words) == true, seen, sourceLocation: sourceLocation)
}

extension TestDatabase {
    /// Expects functions of the schema to refuse these calls, each with its SQLSTATE and in words.
    func expectRefusals(
        of cases: [(call: String, state: String, words: String)],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        for (call, state, words) in cases {
            await expectRefusal(state, words, of: call, sourceLocation: sourceLocation) {
                try await self.rows("SELECT (durable.\(call))::text")
            }
        }
    }
}

extension PostgresConnection {
    /// Expects the role of this session to be refused each of these statements.
    func expectForbidden(_ statements: [String], sourceLocation: SourceLocation = #_sourceLocation) async {
        for statement in statements {
            await expectRefusal("42501", of: statement, sourceLocation: sourceLocation) {
                try await self.execute(Query(statement))
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Durable
import Libpq

extension TestEngine {
    /// The journal of a workflow, a line per row: place, call, attempt, what came of it.
    func history(of id: String) async throws -> [String] {
        let query = StatementText(
            """
            SELECT concat_ws(' ', nullif(scope, ''), position::text,
                CASE kind WHEN 1 THEN 'step' WHEN 2 THEN 'transaction' WHEN 3 THEN 'sleep' WHEN 4 THEN 'join'
                    WHEN 5 THEN 'scope' WHEN 6 THEN 'patch' WHEN 7 THEN 'receive' WHEN 8 THEN 'child' ELSE 'call' END,
                name,
                CASE WHEN phase > 0 THEN 'note ' || phase END, CASE WHEN attempt > 1 THEN 'attempt ' || attempt END,
                CASE WHEN kind <> 4 THEN '→ ' || left(output::text, 40) END, '✗ ' || left(error::text, 60))
            FROM \(self.schema.quoted).journal WHERE workflow_id = $1 ORDER BY scope, position, phase DESC
            """,
            types: [.text]
        )
        return try await self.texts(query, id)
    }

    /// How a workflow has ended, with its value or error.
    func outcome(of id: String) async throws -> String {
        let query = StatementText(
            """
            SELECT CASE WHEN status = 'succeeded' THEN 'returned ' || coalesce(output::text, 'nothing')
                        ELSE status::text || coalesce(' with ' || error::text, '') END
            FROM \(self.schema.quoted).outcome WHERE workflow_id = $1
            """,
            types: [.text]
        )
        return try await self.texts(query, id).first ?? "has not ended"
    }

    private func texts(_ query: StatementText, _ id: String) async throws -> [String] {
        let connection = try await PostgresConnection.connect(self.database.configuration)
        defer { connection.close() }
        let results = try await connection.run(Pipeline([Statement(query, [Parameter(id)])]))
        return try results[0].rows.map { try $0.decode(0, as: String.self) }
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import TestSupport

extension TestDatabase {
    /// The steps of a workflow: `scope|name|kind`, in their order.
    func steps(of id: String) async throws -> [String] {
        try await self.rows(
            """
            SELECT concat_ws('|', scope, step, kind) FROM durable.steps WHERE workflow_id = $1
            ORDER BY scope, position
            """,
            id
        )
    }
}

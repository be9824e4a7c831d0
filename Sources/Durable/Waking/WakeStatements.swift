// SPDX-License-Identifier: Apache-2.0

package import Libpq

/// The statements that bring what comes in to workflows, for one schema.
package final class WakeStatements: Sendable {
    /// One turn of the router: `(at most)`.
    ///
    /// Returns rows seen, rows left since their workflow was busy; workflow, name, version, executor, mailbox, whether it
    /// is due now.
    package let route: StatementText
    /// Which of some runs have had something come in: `(workflow ids, run tokens, counts that they have seen)`.
    package let stirred: StatementText
    /// Tells whoever listens: `(channel, payloads)`.
    package let notify: StatementText

    package init(schema: SchemaName) {
        let durable = schema.quoted
        self.route = StatementText(
            "SELECT taken, busy, workflow_id, name, version, executor, mailbox, is_ready FROM \(durable).route($1)",
            types: [.int4]
        )
        self.stirred = StatementText(
            """
            SELECT l.workflow_id, l.mailbox
            FROM unnest($1, $2, $3) AS row (w, r, m)
            JOIN \(durable).live AS l ON l.workflow_id = w AND l.run = r AND l.mailbox > m
            """,
            types: [PostgresType.text.array, PostgresType.int8.array, PostgresType.int8.array]
        )
        self.notify = StatementText(
            "SELECT pg_notify($1, what) FROM unnest($2) AS row (what)",
            types: [.text, PostgresType.text.array]
        )
    }
}

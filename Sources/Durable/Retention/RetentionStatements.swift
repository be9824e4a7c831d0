// SPDX-License-Identifier: Apache-2.0

import Libpq

/// The statements of retention, for one schema.
package final class RetentionStatements: Sendable {
    /// `(seconds, name, outcome)`; whether that is new.
    let declare: StatementText
    /// `(how many)`; how many were deleted, what to do next, and after how many seconds.
    let prune: StatementText
    /// `(workflow, reason)`; how many workflows were deleted.
    let delete: StatementText

    package init(schema: SchemaName) {
        let durable = schema.quoted
        self.declare = StatementText(
            "SELECT \(durable).declare_retention(make_interval(secs => $1), $2, $3)",
            types: [.float8, .text, .text]
        )
        self.prune = StatementText(
            "SELECT deleted, result, extract(epoch FROM pause)::float8 FROM \(durable).prune($1, gently => true)",
            types: [.int4]
        )
        self.delete = StatementText("SELECT \(durable).delete_workflow($1, $2)", types: [.text, .text])
    }
}

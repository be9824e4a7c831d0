// SPDX-License-Identifier: Apache-2.0

import Durable
import Libpq

/// Where a workflow stands, as its tables tell it.
struct WorkflowSight: Sendable, CustomStringConvertible {
    /// One row of `durable.steps`.
    struct Step: Sendable {
        var scope: String
        var label: String
        var state: String
        var line: String
    }

    let id: String
    let state: WorkflowState
    let words: String
    let steps: [Step]

    init(of id: String, schema: SchemaName, on connection: PostgresConnection) async throws {
        let durable = schema.quoted
        let workflow = StatementText(
            """
            SELECT state::text, concat_ws('; ',
                'workflow "' || name || '" is ' || state::text
                    || coalesce(' (' || reason || ')', '') || coalesce(', waiting for ' || waiting_for, ''),
                'it wakes at ' || wakes_at::text,
                'it is at ' || step || coalesce(', attempt ' || attempt, '') || coalesce(', since ' || step_since::text, ''),
                'its process is ' || executor,
                'error: ' || coalesce(error_type || ': ', '') || error)
            FROM \(durable).workflows WHERE id = $1
            """,
            types: [.text]
        )
        let steps = StatementText(
            """
            SELECT scope, step, state, concat_ws(' ',
                nullif(scope, ''), position, kind, step, state, CASE WHEN attempt > 1 THEN 'attempt ' || attempt END,
                'next attempt at ' || next_attempt_at::text, 'wakes at ' || wakes_at::text,
                '(' || coalesce(error_type || ': ', '') || error || ')')
            FROM \(durable).steps WHERE workflow_id = $1 ORDER BY scope, position
            """,
            types: [.text]
        )
        let results = try await connection.run(
            Pipeline([Statement(workflow, [Parameter(id)]), Statement(steps, [Parameter(id)])])
        )
        guard let row = results[0].rows.first else { throw TestFailure("no workflow has the id \"\(id)\"") }
        self.id = id
        self.state = WorkflowState(rawValue: try row.decode(0, as: String.self)) ?? .queued
        self.words = try row.decode(1, as: String.self)
        self.steps = try results[1].rows.map { row in
            let (scope, label, state, line) = try row.decode((String, String, String, String).self)
            return Step(scope: scope, label: label, state: state, line: line)
        }
    }

    func hasEnded(_ step: String) -> Bool {
        self.steps.contains { $0.label == step && ($0.state == "recorded" || $0.state == "failed") }
    }

    var description: String {
        let history = self.steps.map { "\n    " + $0.line }.joined()
        return "\(self.id): \(self.words)\n  history:\(history.isEmpty ? " nothing is recorded" : history)"
    }
}

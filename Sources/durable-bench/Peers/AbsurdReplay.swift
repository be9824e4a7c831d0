// SPDX-License-Identifier: Apache-2.0

import Libpq

/// What the Python SDK of Absurd (0.5) sends for a task of ten steps, as its server logs it.
///
/// A claim, one look at all checkpoints, then for each step a look at its checkpoint and the call that records it, and the call that
/// ends the run; each a commit of its own. Spawning is not counted, and ten tasks are claimed at a time.
struct AbsurdReplay: StatementReplay {
    private static let claim = StatementText(
        "SELECT run_id::text, task_id::text FROM absurd.claim_task('bench', 'replay', 120, 10)"
    )
    private static let states = StatementText(
        """
        SELECT checkpoint_name, state, status, owner_run_id, updated_at
        FROM absurd.get_task_checkpoint_states('bench', $1::uuid, $2::uuid)
        """,
        types: [.text, .text]
    )
    private static let state = StatementText(
        """
        SELECT checkpoint_name, state, status, owner_run_id, updated_at
        FROM absurd.get_task_checkpoint_state('bench', $1::uuid, $2)
        """,
        types: [.text, .text]
    )
    private static let record = StatementText(
        "SELECT absurd.set_task_checkpoint_state('bench', $1::uuid, $2, $3::jsonb, $4::uuid, 120)",
        types: [.text, .text, .text, .text]
    )
    private static let end = StatementText(
        "SELECT absurd.complete_run('bench', $1::uuid, '10'::jsonb)",
        types: [.text]
    )

    private var claimed: [(run: String, task: String)] = []

    mutating func workflow(on connection: PostgresConnection) async throws -> Bool {
        if self.claimed.isEmpty {
            for row in try await connection.trip(Self.claim).rows {
                self.claimed.append((try row.decode(0, as: String.self), try row.decode(1, as: String.self)))
            }
        }
        guard let (run, task) = self.claimed.popLast() else { return false }
        try await connection.trip(Self.states, [task, run])
        for step in 1...Self.steps {
            let name = step == 1 ? "step" : "step#\(step)"
            try await connection.trip(Self.state, [task, name])
            try await connection.trip(Self.record, [task, name, BenchPayload.json, run])
        }
        try await connection.trip(Self.end, [run])
        return true
    }
}

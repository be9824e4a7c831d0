// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

/// Runs the body with a database of its own, when it is its turn.
///
/// What hangs is cancelled after a while, so that one test that waits in vain does not keep the others waiting.
func withDatabase<R>(
    limit: Duration = .seconds(60),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (TestDatabase) async throws -> R
) async throws -> R {
    try await withTestDatabase { database in
        let task = withUnsafeCurrentTask { RunningTask(task: $0) }
        let watchdog = Task {
            try await Task.sleep(for: limit)
            Issue.record("not done within \(limit)", sourceLocation: sourceLocation)
            task.cancel()
        }
        defer { watchdog.cancel() }
        return try await body(database)
    }
}

/// The task that called `withDatabase`.
///
/// Unchecked: it is used to cancel only, which any thread may do, and only while the task waits within `withDatabase`.
private struct RunningTask: @unchecked Sendable {
    let task: UnsafeCurrentTask?

    func cancel() { self.task?.cancel() }
}

/// Runs the body with an engine on a database of its own.
@discardableResult
func withEngine<R>(
    _ workflows: [any Workflow],
    _ options: EngineOptions = .test,
    logs: Recorder<String> = Recorder(),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (DurableEngine, TestDatabase) async throws -> R
) async throws -> R {
    try await withDatabase(sourceLocation: sourceLocation) { database in
        try await database.withEngine(workflows, options, logs: logs) { try await body($0, database) }
    }
}

extension Recorder where Event: Hashable {
    /// Whether what a program noted in its first run was noted again by each replay, and there was one.
    ///
    /// There may be several: a workflow that is taken up a moment too early parks once more.
    var isReplayed: Bool { self.all.count >= 2 && Set(self.all).count == 1 }
}

extension TestDatabase {
    /// Runs a statement as the superuser.
    func execute(_ sql: String) async throws {
        let connection = try await PostgresConnection.connect(self.configuration)
        defer { connection.close() }
        try await connection.execute(Query(sql))
    }

    /// The journal of a workflow, one line per row: `scope|position|phase|name`.
    func journal(of id: String) async throws -> [String] {
        try await self.rows(
            """
            SELECT concat_ws('|', scope, position, phase, name) FROM durable.journal
            WHERE workflow_id = $1 ORDER BY scope, position, phase
            """,
            id
        )
    }

    /// Waits until a workflow that is not finished has come to this state.
    func waitFor(
        _ state: WorkflowState,
        of id: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let connection = try await PostgresConnection.connect(self.configuration)
        defer { connection.close() }
        try await eventually("\(id) is \(state.rawValue)", sourceLocation: sourceLocation) {
            try await connection.strings(
                "SELECT state::text FROM durable.live WHERE workflow_id = $1",
                [id]
            ) == [state.rawValue]
        }
    }

    /// Waits until a session has waited for a lock on a table, and has given up.
    func waitForRefusal(of table: String) async throws {
        let connection = try await PostgresConnection.connect(self.configuration)
        defer { connection.close() }
        for expected in ["1", "0"] {
            try await eventually("a session waits for the lock on \(table) (\(expected))") {
                try await connection.strings(
                    "SELECT least(count(*), 1)::text FROM pg_locks WHERE NOT granted AND relation = $1::text::regclass",
                    [table]
                ) == [expected]
            }
        }
    }
}

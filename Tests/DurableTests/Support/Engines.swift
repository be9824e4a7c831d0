// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Libpq
import Logging
import Synchronization
import Testing

@testable import Durable

extension EngineOptions {
    /// Quick to look and to stop, for tests; everything that decides about correctness as it is by default.
    static var test: EngineOptions {
        var options = EngineOptions()
        options.poll = .milliseconds(40)
        options.drain = .milliseconds(50)
        options.transactionConnections = 2
        return options.replayingAsAsked()
    }

    /// Every sleep parks the workflow, so that what follows a sleep runs after a replay of all before it.
    static var replaying: EngineOptions {
        var options = Self.test
        options.hold = .zero
        return options
    }

    func with(_ change: (inout EngineOptions) -> Void) -> EngineOptions {
        var options = self
        change(&options)
        return options
    }
}

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
    /// Runs an engine beside the body, and stops it afterwards: as a deploy would, handing over what it runs.
    @discardableResult
    func withEngine<R>(
        _ workflows: [any Workflow],
        _ options: EngineOptions = .test,
        logs: Recorder<String> = Recorder(),
        configuration: PostgresConfiguration? = nil,
        _ body: (DurableEngine) async throws -> R
    ) async throws -> R {
        let engine = try DurableEngine(
            database: configuration ?? self.configuration,
            workflows: workflows,
            options: options,
            logger: Logger(label: "test", factory: { _ in RecordingLogHandler(recorder: logs) })
        )
        let running = Task { try await engine.run() }
        let result: Result<R, any Error>
        do {
            try await engine.waitUntilReady()
            result = .success(try await body(engine))
        } catch {
            result = .failure(error)
        }
        running.cancel()
        try? await running.value
        return try result.get()
    }

    /// The only value of a query, as text; NULL and no row as an empty one.
    func text(_ sql: String, _ parameters: String...) async throws -> String {
        let connection = try await PostgresConnection.connect(self.configuration)
        defer { connection.close() }
        return try await connection.strings(sql, parameters).first ?? ""
    }

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

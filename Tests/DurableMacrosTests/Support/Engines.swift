// SPDX-License-Identifier: Apache-2.0

import DurableMacros
import DurableTesting
import Testing

extension EngineOptions {
    /// Quick to look and to stop, for tests.
    static var test: EngineOptions {
        var options = EngineOptions()
        options.poll = .milliseconds(40)
        options.drain = .milliseconds(50)
        options.transactionConnections = 2
        return options
    }

    /// Every sleep parks the workflow, so that what follows a sleep runs after a replay of all before it.
    static var replaying: EngineOptions {
        var options = Self.test
        options.hold = .zero
        return options
    }
}

extension TestDatabase {
    /// Runs an engine beside the body, and stops it afterwards: as a deploy would, handing over what it runs.
    @discardableResult
    func withEngine<R>(
        _ workflows: [any Workflow],
        _ options: EngineOptions = .test,
        _ body: (DurableEngine) async throws -> R
    ) async throws -> R {
        let engine = try DurableEngine(database: self.configuration, workflows: workflows, options: options)
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

    /// The first column of a query's rows, as text.
    func texts(_ query: Query) async throws -> [String] {
        let connection = try await PostgresConnection.connect(self.configuration)
        defer { connection.close() }
        return try await connection.query(query).map { try $0.decode(0, as: String.self) }
    }

    /// The steps of a workflow: `scope|name|kind`, in their order.
    func steps(of id: String) async throws -> [String] {
        try await self.texts(
            """
            SELECT concat_ws('|', scope, step, kind) FROM durable.steps WHERE workflow_id = \(id)
            ORDER BY scope, position
            """
        )
    }
}

/// Waits until a condition holds, and reports what did not happen when the time is up.
func eventually(
    _ what: String,
    within limit: Duration = .seconds(60),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else {
            Issue.record("\(what): not within \(limit)", sourceLocation: sourceLocation)
            throw CancellationError()
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}

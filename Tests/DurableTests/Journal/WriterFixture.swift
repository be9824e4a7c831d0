// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq
import Logging

@testable import Durable

/// A writer on a real database, with runs that exist only as their rows.
struct WriterFixture {
    let database: ExecutorFixture
    let writer: JournalWriter
    let executor: Executor
    let identity: ExecutorIdentity
    let superseded: Recorder<Int32>

    static func run(
        connections: Int = 2,
        keepsSettings: Bool = true,
        spin: Duration = .zero,
        _ body: (WriterFixture) async throws -> Void
    ) async throws {
        try await ExecutorFixture.run { database in
            let (executor, _) = database.executor(period: .seconds(30))
            let lease = try await executor.register()
            let superseded = Recorder<Int32>()
            let writer = JournalWriter(
                configuration: keepsSettings ? database.configuration.forEngine() : database.configuration,
                statements: JournalStatements(schema: .standard),
                connections: connections,
                batchDeadline: .seconds(20),
                spin: ReplySpin(limit: spin, processors: 2),
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
                events: JournalWriter.Events { identity, _ in superseded.record(identity.number) }
            )
            try await writer.start(as: lease.identity)
            let made = WriterFixture(
                database: database,
                writer: writer,
                executor: executor,
                identity: lease.identity,
                superseded: superseded
            )
            do {
                try await body(made)
            } catch {
                writer.stop()
                await executor.stop()
                throw error
            }
            await writer.drain()
            writer.stop()
            await executor.stop()
        }
    }

    func lane(_ workflow: String, token: Int64 = .random(in: .min ... .max)) -> RunLane {
        RunLane(workflow: workflow, token: token, executor: self.identity)
    }

    /// The rows of a workflow, each in a word with who wrote it.
    func journal(_ workflow: String) async throws -> [String] {
        try await self.database.column(
            "SELECT position || ' ' || name FROM durable.journal WHERE workflow_id = '\(workflow)' ORDER BY position"
        )
    }

    static func step(_ position: Int32, _ name: String = "s") -> WriteRow {
        .record(.row(position, name))
    }

    static func start(guarded: Bool = true) -> WriteRow {
        .start(StartRow(name: "w", version: 1, seed: UUID(), createdAt: 0, isGuarded: guarded))
    }
}

// SPDX-License-Identifier: Apache-2.0

import Libpq

/// A row of `durable.journal`, with the process that wrote it.
struct JournalRow: Hashable, CustomStringConvertible {
    var scope: String
    var position: Int32
    var phase: Int16
    var kind: Int16
    var name: String
    var output: String?
    var pid: Int32
    var executor: Int32
    var run: Int64

    /// What is the same whoever wrote it.
    var content: String {
        "\(self.scope)/\(self.position)/\(self.phase) \(self.kind) \(self.name) \(self.output ?? "-")"
    }
    var description: String { "\(self.content) by \(self.executor) (\(self.pid))" }
}

extension FaultFixture {
    /// The journal of a workflow, by place.
    func journal(_ workflow: String) async throws -> [JournalRow] {
        try await self.sql(
            """
            SELECT j.scope, j.position, j.phase, j.kind, j.name, j.output::text, e.pid, e.number, j.run
            FROM durable.journal AS j JOIN durable.executor AS e ON e.number = j.executor
            WHERE j.workflow_id = \(workflow) ORDER BY j.scope, j.position, j.phase
            """
        ).map { row in
            JournalRow(
                scope: try row.decode(0, as: String.self),
                position: try row.decode(1, as: Int32.self),
                phase: try row.decode(2, as: Int16.self),
                kind: try row.decode(3, as: Int16.self),
                name: try row.decode(4, as: String.self),
                output: try row.decode(5, as: String?.self),
                pid: try row.decode(6, as: Int32.self),
                executor: try row.decode(7, as: Int32.self),
                run: try row.decode(8, as: Int64.self)
            )
        }
    }

    /// What a workflow returned, as JSON text; nil while it has not ended.
    func output(_ workflow: String) async throws -> String? {
        try await self.sql("SELECT status::text, output::text FROM durable.outcome WHERE workflow_id = \(workflow)")
            .first.map { "\(try $0.decode(0, as: String.self)) \(try $0.decode(1, as: String?.self) ?? "-")" }
    }

    /// Waits until a workflow has ended.
    func waitForOutcome(_ workflow: String, within limit: Duration = .seconds(60), _ workers: Worker...) async throws {
        try await wait("workflow \(workflow) ends", within: limit) {
            if try await self.output(workflow) != nil { return nil }
            let live = try await self.sql(
                """
                SELECT state::text || ' ' || coalesce(executor::text, 'free') || ' ' || coalesce(reason, '') || ' '
                    || coalesce(error::text, '') FROM durable.live WHERE workflow_id = \(workflow)
                """
            ).first
            let state = try live?.decode(0, as: String.self) ?? "unknown"
            return "\(state); \(workers.map(\.report))"
        }
    }
}

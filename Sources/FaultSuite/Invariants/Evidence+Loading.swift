// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq

extension Evidence {
    /// Forgets what was read from the tables.
    mutating func clear() {
        var fresh = Evidence()
        fresh.scenarios = self.scenarios
        fresh.cancelled = self.cancelled
        fresh.lines = self.lines
        fresh.answers = self.answers
        fresh.told = self.told
        fresh.restoredAt = self.restoredAt
        self = fresh
    }

    /// Reads the tables; one snapshot.
    mutating func load(_ configuration: PostgresConfiguration) async throws {
        let connection = try await PostgresConnection.connect(configuration)
        defer { connection.close() }
        _ = try await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self.workflows = try await connection.query(
            """
            SELECT w.id, w.parent, coalesce(anew.input, w.input::text), l.state::text, l.reason, l.waiting_for, o.status::text, o.output::text,
                o.error::text
            FROM durable.workflow w
            LEFT JOIN durable.live l ON l.workflow_id = w.id
            LEFT JOIN durable.outcome o ON o.workflow_id = w.id
            LEFT JOIN LATERAL (
                SELECT j.output::text AS input FROM durable.journal j
                WHERE j.workflow_id = w.id AND j.kind = 16 ORDER BY j.position LIMIT 1
            ) AS anew ON true
            """
        ).map { try WorkflowRow($0) }
        self.records = try await connection.query(
            """
            SELECT workflow_id, scope, position, phase, kind, name, attempt, run,
                (extract(epoch FROM at) * 1000000)::bigint, error IS NOT NULL,
                CASE json_typeof(output)
                    WHEN 'number' THEN (output #>> '{}')::bigint
                    WHEN 'object' THEN coalesce(output ->> 'digest', output ->> 'event')::bigint END,
                coalesce(CASE json_typeof(output) WHEN 'object' THEN output ->> 'workflow' END, error::text),
                CASE WHEN kind = 8 AND (phase > 1 OR json_typeof(output) = 'object' AND output ->> 'parts' IS NOT NULL)
                    THEN output::text END
            FROM durable.journal WHERE kind <> 16
            """
        ).map { try Record($0) }
        for row in try await connection.query("SELECT workflow, name, id FROM faults.effect ORDER BY id") {
            let effect = try row.named()
            self.rows.append(effect)
            self.effects[try row.decode(2, as: Int64.self)] = effect
        }
        try await self.loadTalk(connection)
        for row in try await connection.query("SELECT workflow, value FROM faults.counter") {
            self.counters[try row.decode(0, as: String.self)] = Int(try row.decode(1, as: Int32.self))
        }
        self.notes = try await connection.query(
            """
            SELECT format('%s write of executor %s, run %s, to %s %s at %s', what, executor, run, workflow, place,
                (1e6 * extract(epoch FROM at))::bigint)
            FROM faults.note ORDER BY at
            """
        ).map { try $0.decode(0, as: String.self) }
        self.unread = try await connection.query("SELECT workflow_id, name FROM durable.message").map { try $0.named() }
    }

    /// What others see of workflows, ask of them, and tell them.
    private mutating func loadTalk(_ connection: PostgresConnection) async throws {
        for row in try await connection.query(
            "SELECT workflow_id, name, version, body::text::bigint FROM durable.published"
        ) {
            self.published[try row.named()] = Published(
                version: Int(try row.decode(2, as: Int64.self)),
                value: Int(try row.decode(3, as: Int64.self))
            )
        }
        for row in try await connection.query(
            "SELECT workflow_id, name, body::text::bigint FROM durable.stream ORDER BY id"
        ) {
            self.streams[try row.named(), default: []].append(Int(try row.decode(2, as: Int64.self)))
        }
        for row in try await connection.query(
            "SELECT workflow_id, id, state, CASE state WHEN 'answered' THEN body::text END FROM durable.update_request"
        ) {
            let answer = try row.decode(3, as: String?.self)
                .map { try JSONDecoder().decode(Talk.Answer.self, from: Data($0.utf8)) }
            self.updates[try row.named()] = Update(state: try row.decode(2, as: String.self), answer: answer)
        }
        for row in try await connection.query(
            "SELECT key, count(*) FROM durable.event WHERE key IS NOT NULL GROUP BY key"
        ) {
            self.events[try row.decode(0, as: String.self)] = Int(try row.decode(1, as: Int64.self))
        }
        self.subscribed = try await connection.query(
            """
            SELECT s.workflow_id, s.key FROM durable.subscription s JOIN durable.journal j
                ON j.workflow_id = s.workflow_id AND j.scope = s.scope AND j.position = s.position
            WHERE j.kind = 11 AND j.phase = 0
            """
        ).map { try $0.named() }
    }

    /// Reads the files of the workers.
    mutating func load(files: [String]) {
        self.lines = files.flatMap { path -> [EffectLine] in
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
            return text.split(separator: "\n").compactMap { EffectLine($0) }
        }
    }
}

extension Evidence.WorkflowRow {
    fileprivate init(_ row: Row) throws {
        func decode<T: Decodable>(_ type: T.Type, _ text: String?) throws -> T? {
            try text.map { try JSONDecoder().decode(T.self, from: Data($0.utf8)) }
        }
        self.init(
            id: try row.decode(0, as: String.self),
            parent: try row.decode(1, as: String?.self),
            program: try decode(Program.self, try row.decode(2, as: String?.self)),
            state: try row.decode(3, as: String?.self),
            reason: try row.decode(4, as: String?.self),
            waitingFor: try row.decode(5, as: String?.self),
            status: try row.decode(6, as: String?.self),
            output: try decode(ProgramEnd.self, try row.decode(7, as: String?.self)),
            error: try row.decode(8, as: String?.self)
        )
    }
}

extension Evidence.Record {
    fileprivate init(_ row: Row) throws {
        self.init(
            workflow: try row.decode(0, as: String.self),
            scope: try row.decode(1, as: String.self),
            position: Int(try row.decode(2, as: Int32.self)),
            phase: Int(try row.decode(3, as: Int16.self)),
            kind: Int(try row.decode(4, as: Int16.self)),
            name: try row.decode(5, as: String.self),
            attempt: Int(try row.decode(6, as: Int16.self)),
            run: try row.decode(7, as: Int64.self),
            at: try row.decode(8, as: Int64.self),
            isError: try row.decode(9, as: Bool.self),
            value: try row.decode(10, as: Int64?.self),
            about: try row.decode(11, as: String?.self),
            text: try row.decode(12, as: String?.self)
        )
    }
}

extension Row {
    /// Its first two columns.
    fileprivate func named() throws -> Evidence.Row {
        Evidence.Row(workflow: try self.decode(0, as: String.self), name: try self.decode(1, as: String.self))
    }
}

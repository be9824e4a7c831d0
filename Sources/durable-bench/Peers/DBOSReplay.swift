// SPDX-License-Identifier: Apache-2.0

import Durable
import Libpq

/// What DBOS (Python, 3.4) sends for a workflow that is started directly, as its server logs it.
///
/// A start is one transaction of two inserts. A step reads the workflow's status and its own record in one transaction, and in
/// another one locks the workflow's row and inserts the record. The end is one statement that updates the status and stores the output.
struct DBOSReplay: StatementReplay {
    private static let begin = StatementText("BEGIN ISOLATION LEVEL READ COMMITTED")
    private static let commit = StatementText("COMMIT")
    private static let start = StatementText(
        """
        INSERT INTO dbos.workflow_status AS s
            (workflow_uuid, status, name, executor_id, application_version, application_id, recovery_attempts, priority,
             owner_xid, creator_xid, serialization, attributes, is_debounced, application_name)
        VALUES ($1, 'PENDING', 'workflow', 'worker-0', '1', '', 1, 0, $2, $2, 'py_pickle', 'null', false, 'bench')
        ON CONFLICT (workflow_uuid) DO UPDATE SET creator_xid = s.creator_xid
        RETURNING s.status, s.name, s.class_name, s.config_name, s.queue_name, s.creator_xid, s.serialization
        """,
        types: [.text, .text]
    )
    private static let input = StatementText(
        """
        INSERT INTO dbos.workflow_input (workflow_uuid, inputs) VALUES ($1, $2)
        ON CONFLICT (workflow_uuid) DO NOTHING
        """,
        types: [.text, .text]
    )
    private static let status = StatementText(
        "SELECT status FROM dbos.workflow_status WHERE workflow_uuid = $1",
        types: [.text]
    )
    private static let recorded = StatementText(
        """
        SELECT output, error, function_name, child_workflow_id, serialization FROM dbos.operation_outputs
        WHERE workflow_uuid = $1 AND function_id = $2::integer
        """,
        types: [.text, .text]
    )
    private static let owner = StatementText(
        "SELECT owner_xid FROM dbos.workflow_status WHERE workflow_uuid = $1 FOR NO KEY UPDATE",
        types: [.text]
    )
    private static let record = StatementText(
        """
        INSERT INTO dbos.operation_outputs AS o
            (workflow_uuid, function_id, function_name, output, started_at_epoch_ms, completed_at_epoch_ms,
             serialization, application_name, retention_timestamp)
        VALUES ($1, $2::integer, 'step', $3, 1795391830903, 1795391830916, 'py_pickle', 'bench',
                (extract(epoch FROM now()) * 1000)::bigint)
        ON CONFLICT (workflow_uuid, function_id) DO UPDATE SET completed_at_epoch_ms = o.completed_at_epoch_ms
        RETURNING o.completed_at_epoch_ms
        """,
        types: [.text, .text, .text]
    )
    private static let end = StatementText(
        """
        WITH ended AS (
            UPDATE dbos.workflow_status
            SET status = 'SUCCESS', updated_at = (extract(epoch FROM now()) * 1000)::bigint, deduplication_id = NULL,
                owner_xid = NULL, completed_at = (extract(epoch FROM now()) * 1000)::bigint
            WHERE workflow_uuid = $1 AND status = 'PENDING' AND owner_xid = $2
            RETURNING 1
        ), kept AS (
            INSERT INTO dbos.workflow_output AS o (workflow_uuid, output) SELECT $1, $3
            WHERE EXISTS (SELECT FROM ended)
            ON CONFLICT (workflow_uuid) DO UPDATE SET output = excluded.output
            RETURNING 1
        )
        SELECT count(*) FROM ended
        """,
        types: [.text, .text, .text]
    )

    mutating func workflow(on connection: PostgresConnection) async throws -> Bool {
        let (id, owner) = (UUIDv7.text(), UUIDv7.text())
        try await connection.trip(Self.begin)
        try await connection.trip(Self.start, [id, owner])
        try await connection.trip(Self.input, [id, "gASVGwAAAAAAAAB9lCiMBGFyZ3OUSwKFlIwGa3dhcmdzlH2UdS4="])
        try await connection.trip(Self.commit)
        for step in 1...Self.steps {
            try await connection.trip(Self.begin)
            try await connection.trip(Self.status, [id])
            try await connection.trip(Self.recorded, [id, "\(step)"])
            try await connection.trip(Self.commit)
            try await connection.trip(Self.begin)
            try await connection.trip(Self.owner, [id])
            try await connection.trip(Self.record, [id, "\(step)", BenchPayload.json])
            try await connection.trip(Self.commit)
        }
        let ended = try await connection.trip(Self.end, [id, owner, "gARLAi4="])
        guard try ended.rows.first?.decode(0, as: Int64.self) == 1 else { throw BenchFailure("a workflow did not end") }
        return true
    }
}

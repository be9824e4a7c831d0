// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

package import Libpq

/// Reads what claimed workflows have recorded: many workflows in one round trip, and never again.
package struct RunLoader: Sendable {
    /// Outputs above this many bytes are read when replay comes to them, so that a history of large results fits in memory.
    static let largeOutput = 256 << 10
    /// The histories of so many workflows are read at a time.
    static let batch = 100

    private let pool: PostgresPool
    private let journal: StatementText
    private let output: StatementText
    private let executors: StatementText
    private let requests: StatementText

    package init(pool: PostgresPool, schema: SchemaName) {
        let durable = schema.quoted
        self.pool = pool
        self.requests = LineageStatements(schema: schema).requests
        self.journal = StatementText(
            """
            SELECT workflow_id, scope, position, phase, kind, attempt, at, seconds, due, name,
                   CASE WHEN octet_length(output::text) <= \(RunLoader.largeOutput) THEN output END,
                   octet_length(output::text), error, fingerprint, executor
            FROM \(durable).journal WHERE workflow_id = ANY ($1)
            """,
            types: [PostgresType.text.array]
        )
        self.output = StatementText(
            """
            SELECT output FROM \(durable).journal
            WHERE workflow_id = $1 AND scope = $2 AND position = $3 AND phase = $4
            """,
            types: [.text, .text, .int4, .int2]
        )
        self.executors = StatementText(
            "SELECT number FROM \(durable).executor WHERE number = ANY ($1) AND build = $2",
            types: [PostgresType.int4.array, .text]
        )
    }

    /// The plans of claimed workflows, by id.
    ///
    /// Nothing is read of those that have no records yet.
    func plans(of claimed: ArraySlice<ClaimedWorkflow>) async throws -> [String: RunPlan] {
        var ids = ArrayColumn(.text)
        for workflow in claimed where workflow.hasHistory { ids.append(workflow.id) }
        var histories: [String: History] = [:]
        var continuations: [String: JournalRecord] = [:]
        var requests: [String: CancellationRequest] = [:]
        if ids.count > 0 {
            let statements = [Statement(self.journal, [ids.parameter]), Statement(self.requests, [ids.parameter])]
            let results = try await self.pool.withConnection { try await $0.run(Pipeline(statements)) }
            for row in results[0].rows {
                let (id, record) = (try row.decode(0, as: String.self), try Self.record(row))
                if record.kind == .continuation {
                    continuations[id] = record
                } else {
                    histories[id, default: History()].insert(record)
                }
            }
            for row in results[1].rows {
                let (id, request, reason, isInsistent) = try row.decode((String, Int64, String?, Bool).self)
                requests[id] = CancellationRequest(id: request, reason: reason, isInsistent: isInsistent)
            }
        }
        var plans: [String: RunPlan] = [:]
        for workflow in claimed {
            let history = histories[workflow.id] ?? History()
            plans[workflow.id] = RunPlan(
                id: workflow.id,
                name: workflow.name,
                version: workflow.version,
                seed: workflow.seed,
                input: workflow.input,
                deadline: workflow.deadline,
                createdAt: workflow.createdAt,
                history: history,
                isResumed: true,
                isSuspect: workflow.isSuspect,
                mailbox: workflow.mailbox,
                cleanUp: try CleanUp(in: history, coder: PayloadCoder()),
                cancellation: requests[workflow.id],
                parent: workflow.parent,
                trace: workflow.trace
            )
            if let continuation = continuations[workflow.id] {
                try await self.renew(&plans[workflow.id], by: continuation)
            }
        }
        return plans
    }

    /// A workflow that has begun anew: with another input, other random numbers, and the time at which it did.
    private func renew(_ plan: inout RunPlan?, by continuation: JournalRecord) async throws {
        guard let id = plan?.id else { return }
        switch continuation.output {
        case nil: plan?.input = nil
        case .bytes(let bytes): plan?.input = bytes
        case .stored: plan?.input = try await self.output(of: continuation.place, workflow: id)
        }
        plan?.generation = -continuation.place.position
        plan?.createdAt = continuation.at
    }

    /// One large output.
    func output(of place: Place, phase: Int16 = 0, workflow: String) async throws -> [UInt8]? {
        try await self.pool.withConnection { connection in
            let results = try await connection.run(
                Pipeline([
                    Statement(
                        self.output,
                        [Parameter(workflow), Parameter(place.scope), Parameter(place.position), Parameter(phase)]
                    )
                ])
            )
            return results[0].rows.first?.bytes(0)
        }
    }

    /// Which of some processes were of a build.
    func executors(of build: String, among numbers: Set<Int32>) async throws -> Set<Int32> {
        var column = ArrayColumn(.int4)
        for number in numbers { column.append(number) }
        let parameters = [column.parameter, Parameter(build)]
        let rows = try await self.pool.withConnection { connection in
            try await connection.run(Pipeline([Statement(self.executors, parameters)]))[0].rows
        }
        return Set(try rows.map { try $0.decode(0, as: Int32.self) })
    }

    private static func record(_ row: Row) throws -> JournalRecord {
        let kind = try row.decode(4, as: Int16.self)
        var record = JournalRecord(
            place: Place(scope: try row.decode(1, as: String.self), position: try row.decode(2, as: Int32.self)),
            phase: try row.decode(3, as: Int16.self),
            kind: JournalKind(recorded: kind),
            name: try row.decode(9, as: String.self),
            attempt: try row.decode(5, as: Int16.self),
            at: row.microseconds(6) ?? 0,
            seconds: try row.decode(7, as: Float?.self),
            due: row.microseconds(8)
        )
        if let bytes = row.bytes(10) {
            record.output = .bytes(bytes)
        } else if let size = try row.decode(11, as: Int32?.self) {
            record.output = .stored(size: Int(size))
        }
        record.error = row.bytes(12)
        record.fingerprint = try row.decode(13, as: Int64?.self)
        record.executor = try row.decode(14, as: Int32.self)
        return record
    }
}

extension Row {
    /// The bytes of a column, or nil for NULL.
    func bytes(_ column: Int) -> [UInt8]? {
        self.withBytes(column) { $0.map { [UInt8]($0) } }
    }

    /// A `timestamptz` in microseconds since 2000-01-01, or nil for NULL.
    func microseconds(_ column: Int) -> Int64? {
        self.withBytes(column) { bytes in
            guard let bytes, bytes.count == 8 else { return nil }
            return Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Durable
import Libpq

/// The bulk ceiling: how many rows a second two connections insert into the journal by `unnest` of binary arrays and a plain INSERT,
/// with batches of the writer's largest size and nothing else to do: no fence, no starts, no outcomes.
struct BulkInsert: Sendable {
    /// Where `unnest` stands.
    enum Form: Sendable {
        /// As one writes it by hand: `FROM unnest($1, $2) AS row (w, r)`.
        case from
        /// As the writer has it: `SELECT unnest($1), unnest($2)`.
        case select
    }

    static let batch = 512
    static let connections = 2
    /// Rows a workflow has, as in the measurement that is compared.
    static let steps: Int32 = 10

    var form = Form.from
    let seconds: Double

    func run(in database: BenchServer.Database) async throws -> Double {
        let start = ContinuousClock.now
        let end = start + .seconds(self.seconds)
        let configuration = database.configuration
        let rows = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<Self.connections {
                group.addTask { try await self.insert(until: end, configuration) }
            }
            return try await group.reduce(0, +)
        }
        let elapsed = ContinuousClock.now - start
        try await database.expect(rows: rows, of: "the bulk insert")
        return Double(rows) / (elapsed / .seconds(1))
    }

    @concurrent
    private func insert(until end: ContinuousClock.Instant, _ configuration: PostgresConfiguration) async throws -> Int
    {
        let connection = try await PostgresConnection.connect(configuration)
        defer { connection.close() }
        let text = StatementText(self.form == .from ? Self.from : Self.select, types: Self.types)
        var rows = 0
        var ids: [String] = []
        var position: Int32 = 0
        while ContinuousClock.now < end {
            if position == 0 { ids = (0..<Self.batch).map { _ in UUIDv7.text() } }
            let statement = Statement(text, Self.columns(ids, position: position))
            try await connection.run(Pipeline([statement]))
            rows += ids.count
            position = (position + 1) % Self.steps
        }
        return rows
    }

    private static func columns(_ ids: [String], position: Int32) -> [Parameter] {
        var id = ArrayColumn(.text)
        var scope = ArrayColumn(.text)
        var positions = ArrayColumn(.int4)
        var phase = ArrayColumn(.int2)
        var kind = ArrayColumn(.int2)
        var attempt = ArrayColumn(.int2)
        var run = ArrayColumn(.int8)
        var at = ArrayColumn(.timestamptz)
        var seconds = ArrayColumn(.float4)
        var due = ArrayColumn(.timestamptz)
        var name = ArrayColumn(.text)
        var output = ArrayColumn(.json)
        var error = ArrayColumn(.json)
        let payload = [UInt8](BenchPayload.json.utf8)
        for text in ids {
            id.append(text)
            scope.append("")
            positions.append(position)
            phase.append(0 as Int16)
            kind.append(1 as Int16)
            attempt.append(1 as Int16)
            run.append(1 as Int64)
            at.append(microseconds: 800_000_000_000_000)
            seconds.append(0.001 as Float)
            due.appendNull()
            name.append("step")
            output.append(payload)
            error.appendNull()
        }
        return [
            id.parameter, scope.parameter, positions.parameter, phase.parameter, kind.parameter, attempt.parameter,
            run.parameter, at.parameter, seconds.parameter, due.parameter, name.parameter, output.parameter,
            error.parameter, Parameter(1 as Int32),
        ]
    }

    private static let from = """
        INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, attempt, run, at, seconds, due, name,
                                     output, error, executor)
        SELECT w, s, p, f, k, a, r, t, d, u, n, o, e, $14
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
            AS row (w, s, p, f, k, a, r, t, d, u, n, o, e)
        """

    private static let select = """
        INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, attempt, run, at, seconds, due, name,
                                     output, error, executor)
        SELECT unnest($1), unnest($2), unnest($3), unnest($4), unnest($5), unnest($6), unnest($7), unnest($8),
               unnest($9), unnest($10), unnest($11), unnest($12), unnest($13), $14
        """

    private static let types: [PostgresType] =
        ([
            .text, .text, .int4, .int2, .int2, .int2, .int8, .timestamptz, .float4, .timestamptz, .text, .json, .json,
        ] as [PostgresType]).map(\.array) + [.int4]
}

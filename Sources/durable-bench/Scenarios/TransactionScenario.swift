// SPDX-License-Identifier: Apache-2.0

import Libpq

/// Transaction steps beside the same SQL in a bare transaction of three trips: BEGIN, the statement, COMMIT.
struct TransactionScenario: Scenario {
    static let name = "transactions"
    static let words =
        "a transaction step beside the same SQL in a bare transaction, by one client and by eight; a lone step looks for its "
        + "replies, a bare transaction sleeps until they come"

    private let size: BenchSize

    init(size: BenchSize) { self.size = size }

    var cells: [Cell] {
        [(1, "1", "one client"), (8, "many", "eight clients")].flatMap { clients, name, words in
            [
                Cell("bare transactions, \(words)") { server in
                    let client = ProcessMeter.ownSeconds()
                    let bare = try await server.measure { try await self.bare(clients, $0) }
                    let each = (ProcessMeter.ownSeconds() - client) * 1e6 / Double(bare.count)
                    return [
                        Reading(
                            "transactions.bare_\(name)",
                            "bare transactions, \(words)",
                            Double(bare.count) / bare.seconds,
                            .perSecond
                        ),
                        Reading(
                            "transactions.bare_\(name)_client",
                            "the same, processor time of the process for each",
                            each,
                            .microseconds
                        ),
                    ]
                },
                Cell("transaction steps, \(words)") { server in
                    let load = EngineLoad(
                        kind: .transactions,
                        inFlight: clients,
                        steps: 100,
                        seconds: self.size.seconds
                    )
                    let outcome = try await server.measure { try await load.run(in: $0) }
                    let rate = outcome.workflowsPerSecond * 100
                    let each = outcome.clientSeconds * 1e6 / Double(outcome.workflows * 100)
                    return [
                        Reading("transactions.steps_\(name)", "transaction steps, \(words)", rate, .perSecond),
                        Reading(
                            "transactions.steps_\(name)_client",
                            "the same, processor time of the process for each",
                            each,
                            .microseconds
                        ),
                    ]
                },
            ]
        }
    }

    let ratios = [
        Ratio(
            "ratio.transaction_1",
            "a transaction step, times the bare one, one client",
            "transactions.bare_1",
            over: "transactions.steps_1"
        ),
        Ratio(
            "ratio.transaction_many",
            "a transaction step, times the bare one, eight clients",
            "transactions.bare_many",
            over: "transactions.steps_many"
        ),
    ]

    private func bare(
        _ clients: Int,
        _ database: BenchServer.Database
    ) async throws -> (count: Int, seconds: Double) {
        try await database.run("CREATE TABLE payment (id bigserial PRIMARY KEY, amount integer)")
        let start = ContinuousClock.now
        let end = start + .seconds(self.size.seconds)
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<clients {
                group.addTask { try await Self.spend(until: end, database.configuration) }
            }
            return try await group.reduce(0, +)
        }
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        guard try await database.count("payment") == count else { throw BenchFailure("rows are missing") }
        return (count, elapsed)
    }

    @concurrent
    private static func spend(until end: ContinuousClock.Instant, _ configuration: PostgresConfiguration) async throws
        -> Int
    {
        let connection = try await PostgresConnection.connect(configuration)
        defer { connection.close() }
        let statements = ["BEGIN", "INSERT INTO payment (amount) VALUES (17)", "COMMIT"].map { StatementText($0) }
        var count = 0
        while ContinuousClock.now < end {
            for statement in statements { try await connection.run(Pipeline([Statement(statement)])) }
            count += 1
        }
        return count
    }
}

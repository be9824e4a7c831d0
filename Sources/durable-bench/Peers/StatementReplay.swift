// SPDX-License-Identifier: Apache-2.0

import Libpq

/// The statements that a peer's library sends for ten-step workflows, in its order and its transactions, by our client: what is left
/// of a peer when its language is taken away.
///
/// Everything that can be in its favour is: statements are prepared once, its checks of pooled connections are left out, and its client
/// does no work between the statements.
protocol StatementReplay: Sendable {
    /// Steps of one workflow.
    static var steps: Int { get }

    init()

    /// Runs one workflow; false when there is none left to run.
    mutating func workflow(on connection: PostgresConnection) async throws -> Bool
}

extension StatementReplay {
    static var steps: Int { 10 }

    /// Steps a second by so many connections.
    static func run(connections: Int, seconds: Double, in database: BenchServer.Database) async throws -> Double {
        let start = ContinuousClock.now
        let end = start + .seconds(seconds)
        let workflows = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<connections {
                group.addTask { try await Self.loop(until: end, database) }
            }
            return try await group.reduce(0, +)
        }
        return Double(workflows * Self.steps) / ((ContinuousClock.now - start) / .seconds(1))
    }

    @concurrent
    private static func loop(until end: ContinuousClock.Instant, _ database: BenchServer.Database) async throws -> Int {
        let connection = try await PostgresConnection.connect(database.configuration)
        defer { connection.close() }
        var replay = Self()
        var count = 0
        while ContinuousClock.now < end {
            guard try await replay.workflow(on: connection) else {
                throw BenchFailure("the queue of a peer was drained before its time was over")
            }
            count += 1
        }
        return count
    }
}

extension PostgresConnection {
    /// One statement, one round trip; every parameter is text, and cast where it is used.
    @discardableResult
    func trip(_ text: StatementText, _ parameters: [String?] = []) async throws -> StatementResult {
        try await self.run(Pipeline([Statement(text, parameters.map { Parameter($0) })]))[0]
    }
}

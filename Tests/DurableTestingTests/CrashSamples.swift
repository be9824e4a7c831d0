// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Libpq

/// An order in steps, transactions, branches and a sleep; and the mistakes that can be made in one.
struct Order: Workflow {
    /// A mistake.
    enum Bug: Sendable {
        /// Rows are written by the workflow itself, on a connection of the service's.
        case rowOutsideAStep
        /// The outside world is told by the workflow itself.
        case effectOutsideAStep
        /// Items are gone through in another order each time.
        case orderThatChanges
        /// The recovering code calls the step otherwise.
        case renamedStep
    }

    static let name = "order"

    let world: World
    var bug: Bug?
    var connectionString = ""

    func run(_ items: [String], in workflow: WorkflowContext) async throws -> [String] {
        let world = self.world
        // Without any wait no run is replayed unless there is a crash.
        let isSlow = self.bug != .orderThatChanges
        try await workflow.transaction("reserve") { transaction in
            try await transaction.execute("INSERT INTO reservation (what) VALUES (\(items.joined(separator: "+")))")
        }
        if self.bug == .effectOutsideAStep { world.note("told everybody") }
        let name = self.bug == .renamedStep ? "bill" : "charge"
        let retry = RetryPolicy.constant(attempts: 3, delay: .seconds(60))
        let charge = try await workflow.step(name, retry: retry) { step in
            world.note("charge \(step.idempotencyKey), attempt \(step.attempt)")
            if step.attempt == 1, isSlow { throw Outage() }
            return "charged"
        }
        if self.bug == .rowOutsideAStep { try await self.insertByItself() }
        var packed: [String] = []
        for item in self.bug == .orderThatChanges ? self.rotated(items) : items {
            packed.append(
                try await workflow.step("pack \(item)") { _ in
                    world.note("pack \(item)")
                    return item
                }
            )
        }
        if isSlow { try await workflow.sleep(for: .seconds(3 * 86_400)) }
        let (mailed, booked) = try await workflow.parallel(
            { branch in
                try await branch.step("mail") { _ in
                    world.note("mail")
                    return "mailed"
                }
            },
            { branch in
                try await branch.transaction("book") { transaction in
                    try await transaction.execute("INSERT INTO reservation (what) VALUES ('booked')")
                    return "booked"
                }
            }
        )
        return [charge, mailed, booked] + (isSlow ? packed : packed.sorted()) + ["\(workflow.uuid())"]
    }

    private func insertByItself() async throws {
        let connection = try await PostgresConnection.connect(PostgresConfiguration(self.connectionString))
        defer { connection.close() }
        try await connection.execute("INSERT INTO audit (what) VALUES ('by itself')")
    }

    /// As the order of a set or a dictionary is: another one in another process.
    private func rotated(_ items: [String]) -> [String] {
        let turn = self.world.effects.filter { $0 == "turn" }.count
        self.world.note("turn")
        return Array(items[(turn % items.count)...] + items[..<(turn % items.count)])
    }

    static func tables(_ database: TestDatabase) async throws {
        try await database.execute(
            """
            CREATE TABLE reservation (
                id bigint GENERATED ALWAYS AS IDENTITY, what text NOT NULL, at timestamptz NOT NULL DEFAULT now()
            )
            """
        )
        try await database.execute("CREATE TABLE audit (what text NOT NULL)")
    }
}

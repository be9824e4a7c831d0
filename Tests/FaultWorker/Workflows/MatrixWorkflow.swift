// SPDX-License-Identifier: Apache-2.0

import Durable
import FaultProcesses
import Libpq

/// One of everything: steps (one of which fails first), transactions, parallel branches, a race and a sleep.
struct MatrixWorkflow: Workflow {
    static let name = "matrix"

    let effects: EffectLog

    func run(_ order: String, in workflow: WorkflowContext) async throws -> String {
        let effects = self.effects
        let reserved = try await workflow.step("reserve") { step in
            effects.perform(step, "reserve")
            return "reserved"
        }
        let retry = RetryPolicy.constant(attempts: 3, delay: .milliseconds(20))
        let charged = try await workflow.step("charge", retry: retry) { step in
            effects.perform(step, "charge")
            if step.attempt == 1 { throw Declined() }
            return "charged-\(step.attempt)"
        }
        let booked = try await workflow.transaction("book") { transaction in
            try await Booking.insert("book", transaction)
            return try await Booking.count(transaction)
        }
        let (left, right) = try await workflow.parallel(
            { branch in
                let made = try await branch.step("left") { step in
                    effects.perform(step, "left")
                    return "left"
                }
                try await branch.transaction("left-book") { try await Booking.insert("left", $0) }
                return made
            },
            { branch in
                let one = try await branch.step("right") { step in
                    effects.perform(step, "right")
                    return 1
                }
                let two = try await branch.step("right-again") { step in
                    effects.perform(step, "right-again")
                    return 2
                }
                return one + two
            }
        )
        let winner = try await workflow.race(
            { branch in
                try await branch.step("fast") { step in
                    effects.perform(step, "fast")
                    return "fast"
                }
            },
            { branch in
                // Loses: it ends when it is cancelled.
                try await branch.step("slow") { _ in
                    try await Task.sleep(for: .seconds(600))
                    return "slow"
                }
            }
        )
        let packed = try await workflow.step("pack") { step in
            effects.perform(step, "pack")
            return "packed"
        }
        try await workflow.sleep(for: .milliseconds(150))
        let confirmed = try await workflow.transaction("confirm") { transaction in
            try await Booking.insert("confirm", transaction)
            return try await Booking.count(transaction)
        }
        let sent = try await workflow.step("send") { step in
            effects.perform(step, "send")
            return "sent"
        }
        return [reserved, charged, "\(booked)", left, "\(right)", winner, packed, "\(confirmed)", sent, order]
            .joined(separator: " ")
    }
}

/// What the first attempt of a step fails with.
struct Declined: Error {}

/// Business rows: which process wrote them for which workflow.
enum Booking {
    static func insert(_ part: String, _ transaction: Transaction) async throws {
        try await transaction.execute(
            "INSERT INTO booking (workflow, part, pid) VALUES (\(transaction.workflow), \(part), \(System.pid))"
        )
    }

    static func count(_ transaction: Transaction) async throws -> Int {
        let rows = try await transaction.query("SELECT count(*) FROM booking WHERE workflow = \(transaction.workflow)")
        return try rows.first?.decode(0, as: Int.self) ?? 0
    }
}

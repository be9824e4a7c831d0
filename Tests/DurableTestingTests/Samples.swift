// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation
import Synchronization

/// Collects what a pretended outside world was asked to do.
final class World: Sendable {
    private let list = Mutex<[String]>([])

    var effects: [String] { self.list.withLock { $0 } }

    func note(_ effect: String) { self.list.withLock { $0.append(effect) } }
}

/// A reminder that goes out after three days.
struct Reminder: Workflow {
    static let name = "reminder"
    let world: World

    func run(_ who: String, in workflow: WorkflowContext) async throws -> String {
        let world = self.world
        try await workflow.step("welcome") { _ in world.note("welcome \(who)") }
        try await workflow.sleep(for: .seconds(3 * 86_400))
        try await workflow.step("remind") { _ in world.note("remind \(who)") }
        return "reminded \(who)"
    }
}

/// Sleeps, and says so in order.
struct Naps: Workflow {
    static let name = "naps"
    let world: World

    func run(_ days: Int, in workflow: WorkflowContext) async throws -> Double {
        let world = self.world
        let began = workflow.now
        try await workflow.sleep(for: .seconds(days * 86_400))
        try await workflow.step("woke") { _ in world.note("\(days)") }
        return workflow.now.timeIntervalSince(began)
    }
}

/// What nobody declared.
struct Outage: Error, Codable, CustomStringConvertible {
    var description: String { "the line is dead" }
}

/// Charges and confirms; the payment may fail.
struct Payment: Workflow {
    static let name = "payment"
    let world: World

    func run(_ amount: Int, in workflow: WorkflowContext) async throws -> [String] {
        let world = self.world
        var parts: [String] = []
        for _ in 0..<2 {
            let retry = RetryPolicy.constant(attempts: 5, delay: .seconds(3600))
            let part = try await workflow.step("charge", retry: retry) { step in
                world.note("charge, attempt \(step.attempt)")
                return "charged-\(step.attempt)"
            }
            parts.append(part)
        }
        let retry = RetryPolicy.constant(attempts: 2, delay: .seconds(60))
        parts.append(
            try await workflow.step("confirm", retry: retry, timeout: .seconds(30)) { step in
                "confirmed after \(step.previousError?.type ?? "nothing")"
            }
        )
        return parts
    }
}

/// Never done in time.
struct Tardy: Workflow {
    static let name = "tardy"
    static var timeout: Duration? { .seconds(3600) }

    func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> String {
        try await workflow.step("wait") { _ in "done" }
    }
}

/// Sleeps, and does something else each time it is run.
struct Fickle: Workflow {
    static let name = "fickle"
    let turns: World

    func run(_ input: Int, in workflow: WorkflowContext) async throws -> Int {
        self.turns.note("turn")
        try await workflow.step("turn \(self.turns.effects.count)") { _ in "turned" }
        try await workflow.sleep(for: .seconds(60))
        return input
    }
}

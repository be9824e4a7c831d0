// SPDX-License-Identifier: Apache-2.0

import Durable
import Logging
import Synchronization
import Tracing

/// Does one of everything: a step that fails once, a transaction, a sleep that parks, a last step.
struct Sale: Workflow {
    static let name = "sale"

    /// What is seen from inside.
    final class World: Sendable {
        private let seen = Mutex<[(String, ServiceContext?)]>([])

        func note(_ what: String) { self.seen.withLock { $0.append((what, ServiceContext.current)) } }

        /// The contexts in which something was noted.
        subscript(what: String) -> [ServiceContext?] {
            self.seen.withLock { $0.filter { $0.0 == what }.map { $0.1 } }
        }
    }

    struct Declined: Error {}

    var world = World()

    func run(_ item: String, in workflow: WorkflowContext) async throws -> String {
        self.world.note("run")
        let price = try await workflow.step("price", retry: .immediately(attempts: 3)) { step in
            self.world.note("price")
            step.logger.info("priced")
            if step.attempt == 1 { throw Declined() }
            return item.utf8.count
        }
        try await workflow.transaction("book") { transaction in
            self.world.note("book")
            try await transaction.execute("SELECT 1")
        }
        workflow.logger.info("booked")
        // Long enough to be parked in, however slow the machine is.
        try await workflow.sleep(for: .seconds(3_600))
        try await workflow.step("ship") { _ in
            self.world.note("ship")
            if item == "nothing" { throw NonRetryable(Declined()) }
        }
        return "\(item) for \(price)"
    }
}

/// Runs a sale as its child.
struct Market: Workflow {
    static let name = "market"

    func run(_ item: String, in workflow: WorkflowContext) async throws -> String {
        try await workflow.child(Sale.self, item)
    }
}

/// Stands in its step until it may go on.
struct Held: Workflow {
    static let name = "held"

    let isHeld = Shared(true)

    func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> String {
        try await workflow.step("before") { _ in }
        try await workflow.step("hold") { _ in
            while self.isHeld.value { try await Task.sleep(for: .milliseconds(5)) }
        }
        return "let go"
    }
}

/// A value that several may change.
final class Shared<Value: Sendable>: Sendable {
    private let storage: Mutex<Value>

    init(_ value: Value) { self.storage = Mutex(value) }

    func change(_ body: (inout Value) -> Void) { self.storage.withLock { body(&$0) } }

    var value: Value {
        get { self.storage.withLock { $0 } }
        set { self.storage.withLock { $0 = newValue } }
    }
}

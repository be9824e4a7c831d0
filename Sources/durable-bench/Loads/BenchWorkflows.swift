// SPDX-License-Identifier: Apache-2.0

import Durable
import Libpq
import Synchronization

/// A workflow that does nothing but take steps.
struct BenchStepper: Workflow {
    static var name: String { "stepper" }
    /// Told of each step's beginning, by the clock of the machine; nil where nobody asks.
    var clock: StepClock?

    func run(_ steps: Int, in workflow: WorkflowContext) async throws -> Int {
        for _ in 0..<steps {
            _ = try await workflow.step("step") { [clock] _ in
                clock?.tick()
                return BenchPayload.value
            }
        }
        return steps
    }
}

/// A workflow whose steps are transactions that write one row of the service's own.
struct BenchSpender: Workflow {
    static var name: String { "spender" }

    func run(_ steps: Int, in workflow: WorkflowContext) async throws -> Int {
        for _ in 0..<steps {
            _ = try await workflow.transaction("spend") { transaction in
                try await transaction.execute("INSERT INTO payment (amount) VALUES (17)")
                return BenchPayload.value
            }
        }
        return steps
    }
}

/// The times at which the steps of one workflow began: each waits for the commit of the one before.
final class StepClock: Sendable {
    private let times = Mutex<[Int64]>([])

    func tick() {
        let now = ProcessMeter.now()
        self.times.withLock { $0.append(now) }
    }

    var latencies: Latencies {
        let times = self.times.withLock { $0 }
        return Latencies(samples: zip(times.dropFirst(), times).map { Double($0 - $1) / 1e6 })
    }
}

/// Says on its standard output when it goes on, by a clock that all processes share.
struct BenchWaiter: Workflow {
    static var name: String { "waiter" }

    func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> Nothing {
        _ = try await workflow.receive(Nothing.self, "go")
        BenchWorker.say("woke \(workflow.workflowID) \(ProcessMeter.now())")
        return Nothing()
    }
}

/// Sleeps, and ends.
struct BenchSleeper: Workflow {
    static var name: String { "sleeper" }

    func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> Nothing {
        try await workflow.sleep(for: .seconds(3_600))
        return Nothing()
    }
}

/// Waits in a step until a gate opens.
struct BenchHolder: Workflow {
    static var name: String { "holder" }
    let gate: Gate

    func run(_ input: Nothing, in workflow: WorkflowContext) async throws -> Nothing {
        try await workflow.step("hold") { [gate] _ in await gate.wait() }
        return Nothing()
    }

    /// Many wait, one opens.
    final class Gate: Sendable {
        private struct State {
            var isOpen = false
            var waiters: [CheckedContinuation<Void, Never>] = []
        }
        private let state = Mutex(State())

        var waiting: Int { self.state.withLock { $0.waiters.count } }

        func wait() async {
            await withCheckedContinuation { waiter in
                let isOpen = self.state.withLock { state in
                    if !state.isOpen { state.waiters.append(waiter) }
                    return state.isOpen
                }
                if isOpen { waiter.resume() }
            }
        }

        func open() {
            let waiters = self.state.withLock { state in
                state.isOpen = true
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.resume() }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The way of one run's rows to the database: how many were submitted, how many are durable, and who waits for which.
package final class RunLane: Sendable {
    /// Told once: when the row is durable, or why it will not be.
    package typealias Waiter = @Sendable (Result<Void, any Error>) -> Void

    /// The workflow's id.
    package let workflow: String
    /// The run's token: random, made by this process, written in every row.
    package let token: Int64
    /// Under which identity the run was claimed or started; rows of an older identity are never sent.
    package let executor: ExecutorIdentity
    /// Unique in this process.
    package let number: UInt64

    private struct State {
        var submitted = 0
        var durable = 0
        var failure: (any Error)?
        var waiters: [(ticket: Int, waiter: Waiter)] = []
    }

    /// Whether `failure` is set: what the hot path asks, without the lock.
    private let isOver = Atomic(false)
    private static let numbers = Atomic<UInt64>(0)
    private let state = Mutex(State())

    package init(workflow: String, token: Int64, executor: ExecutorIdentity) {
        self.workflow = workflow
        self.token = token
        self.executor = executor
        self.number = RunLane.numbers.wrappingAdd(1, ordering: .relaxed).newValue
    }

    /// A fresh lane of the same run.
    package func renewed() -> RunLane {
        RunLane(workflow: self.workflow, token: self.token, executor: self.executor)
    }

    /// Why nothing more can be written, if so.
    package var failure: (any Error)? {
        self.isOver.load(ordering: .acquiring) ? self.state.withLock { $0.failure } : nil
    }

    /// The ticket of the last row that was submitted: waiting for it is waiting for all of them.
    package var lastTicket: Int { self.state.withLock { $0.submitted } }

    /// Counts a row as submitted, and returns its ticket; nil when the lane has failed, and the row must be dropped.
    package func submit() -> Int? {
        self.state.withLock { state in
            guard state.failure == nil else { return nil }
            state.submitted += 1
            return state.submitted
        }
    }

    /// Counts rows as durable, and returns who waited for them.
    package func acknowledge(_ count: Int) -> [Waiter] {
        self.state.withLock { state in
            state.durable += count
            if state.waiters.isEmpty { return [] }
            let durable = state.durable
            let ready = state.waiters.filter { $0.ticket <= durable }
            if !ready.isEmpty { state.waiters.removeAll { $0.ticket <= durable } }
            return ready.map { $0.waiter }
        }
    }

    /// Ends the lane: nothing more is written, and everybody who waits is told why.
    package func fail(_ error: any Error) {
        let waiters = self.state.withLock { state -> [Waiter] in
            if state.failure == nil { state.failure = error }
            self.isOver.store(true, ordering: .releasing)
            defer { state.waiters = [] }
            return state.waiters.map { $0.waiter }
        }
        for waiter in waiters { waiter(.failure(error)) }
    }

    /// Wakes everybody who waits, without ending the lane: the run is interrupted, its last rows may still be written.
    package func abandonWaiters(_ error: any Error) {
        let waiters = self.state.withLock { state -> [Waiter] in
            defer { state.waiters = [] }
            return state.waiters.map { $0.waiter }
        }
        for waiter in waiters { waiter(.failure(error)) }
    }

    /// Waits until the row with this ticket, and with it all before, is durable.
    package func waitUntilDurable(_ ticket: Int) async throws {
        if self.isDurable(ticket) { return }
        try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Void, any Error>) in
            self.whenDurable(ticket) { continuation.resume(with: $0) }
        }
    }

    /// Tells when the row with this ticket is durable: at once, or from the thread that learns of it.
    package func whenDurable(_ ticket: Int, _ waiter: @escaping Waiter) {
        let outcome = self.state.withLock { state -> Result<Void, any Error>? in
            if ticket <= state.durable { return .success(()) }
            if let failure = state.failure { return .failure(failure) }
            state.waiters.append((ticket, waiter))
            return nil
        }
        if let outcome { waiter(outcome) }
    }

    /// Whether the row with this ticket, and with it all before, is durable.
    func isDurable(_ ticket: Int) -> Bool {
        self.state.withLock { ticket <= $0.durable }
    }
}

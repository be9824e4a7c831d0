// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The way of one run's rows to the database: how many were submitted, how many are durable, and who waits for which.
package final class RunLane: Sendable {
    /// Told once: when the row is durable, or why it will not be.
    package typealias Listener = @Sendable (Result<Void, any Error>) -> Void

    /// Who waits for a row.
    private struct Waiter {
        enum Party {
            /// A branch; resumed without a closure in between, since nearly every waiter is one.
            case branch(UnsafeContinuation<Void, any Error>)
            case listener(Listener)
        }

        let ticket: Int
        let party: Party

        func tell(_ outcome: Result<Void, any Error>) {
            switch self.party {
            case .branch(let continuation): continuation.resume(with: outcome)
            case .listener(let listener): listener(outcome)
            }
        }
    }

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
        var failure: (any Error)?
        /// Nearly always one waits, or nobody.
        var waiter: Waiter?
        var others: [Waiter] = []

        mutating func takeWaiters() -> [Waiter] {
            let all = (self.waiter.map { [$0] } ?? []) + self.others
            self.waiter = nil
            self.others = []
            return all
        }
    }

    /// Whether `failure` is set: what the hot path asks, without the lock.
    private let isOver = Atomic(false)
    /// How many rows are durable; changed under the lock, and read without it.
    private let durable = Atomic(0)
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

    /// Counts rows as durable, and tells who waited for them.
    package func acknowledge(_ count: Int) {
        let (first, others) = self.state.withLock { state -> (Waiter?, [Waiter]) in
            let durable = self.durable.wrappingAdd(count, ordering: .releasing).newValue
            var first = state.waiter
            if let waiter = first, waiter.ticket <= durable { state.waiter = nil } else { first = nil }
            if state.others.isEmpty { return (first, []) }
            let ready = state.others.filter { $0.ticket <= durable }
            state.others.removeAll { $0.ticket <= durable }
            return (first, ready)
        }
        first?.tell(.success(()))
        for waiter in others { waiter.tell(.success(())) }
    }

    /// Ends the lane: nothing more is written, and everybody who waits is told why.
    package func fail(_ error: any Error) {
        let waiters = self.state.withLock { state -> [Waiter] in
            if state.failure == nil { state.failure = error }
            self.isOver.store(true, ordering: .releasing)
            return state.takeWaiters()
        }
        for waiter in waiters { waiter.tell(.failure(error)) }
    }

    /// Wakes everybody who waits, without ending the lane: the run is interrupted, its last rows may still be written.
    package func abandonWaiters(_ error: any Error) {
        let waiters = self.state.withLock { $0.takeWaiters() }
        for waiter in waiters { waiter.tell(.failure(error)) }
    }

    /// Waits until the row with this ticket, and with it all before, is durable.
    package func waitUntilDurable(_ ticket: Int) async throws {
        if self.isDurable(ticket) { return }
        try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Void, any Error>) in
            self.add(Waiter(ticket: ticket, party: .branch(continuation)))
        }
    }

    /// Tells when the row with this ticket is durable: at once, or from the thread that learns of it.
    package func whenDurable(_ ticket: Int, _ listener: @escaping Listener) {
        self.add(Waiter(ticket: ticket, party: .listener(listener)))
    }

    /// Whether the row with this ticket, and with it all before, is durable.
    func isDurable(_ ticket: Int) -> Bool {
        ticket <= self.durable.load(ordering: .acquiring)
    }

    private func add(_ waiter: Waiter) {
        let outcome = self.state.withLock { state -> Result<Void, any Error>? in
            if self.isDurable(waiter.ticket) { return .success(()) }
            if let failure = state.failure { return .failure(failure) }
            if state.waiter == nil { state.waiter = waiter } else { state.others.append(waiter) }
            return nil
        }
        if let outcome { waiter.tell(outcome) }
    }
}

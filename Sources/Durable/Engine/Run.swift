// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging
import Synchronization

/// One run of a workflow in this process: from its start, or from its resumption by replay, to its end or interruption.
///
/// The run knows what is common to its branches: its lane to the journal, its history, what its branches wait for, and
/// whether it was interrupted. It decides nothing by itself: `BranchLedger` does.
final class Run: Sendable {
    let plan: RunPlan
    let lane: RunLane
    /// The lease that it runs under: when that is over, nothing more is begun.
    let lease: Lease
    let engine: EngineCore
    let failures: [any (Error & Codable & Sendable).Type]
    /// Nil when nobody collects metrics.
    let metrics: WorkflowMetrics?
    let span: RunSpan
    /// Grows from run to run of a workflow.
    let fencingToken: Int64

    struct State {
        var ledger: BranchLedger
        var interruption: Interruption?
        /// `run` has ended, and its end counts: it is too late to interrupt.
        var isConcluded = false
        var task: Task<Void, Never>?
        var gate: [UInt64: UnsafeContinuation<Void, any Error>] = [:]
        var sleepers: [UInt64: UnsafeContinuation<Void, Never>] = [:]
        var nextWaiter: UInt64 = 0
        var claimTicket: Int?
        var attempts: [RunningAttempt] = []
        /// Which branches wait now, and what for.
        var waiting: [UInt64: Waiting] = [:]
        /// Which messages its branches have taken.
        var taken = TakenMessages()
        /// What branches of undecided races have received in this run.
        var raced: [(scope: String, messages: [Int64])] = []
        /// Events that the workflow has received, as far as this run has come.
        var events: Set<Int64> = []
        /// The last decision about a race that frees messages: who looks afterwards waits until it is durable.
        var settling: Int?
        /// How often a branch has given something back that another one may be waiting for.
        var nudges = 0
        /// How much has come in for the workflow, as far as this run has heard.
        var mailbox: Int64
        var visited: Set<String> = []
        var skipped: [String] = []
        var undos = UndoRegistry()
        /// Whether a step with an undo has begun.
        var hadUndos = false
        /// Its code has failed, and what it had done is being undone: it is too late to cancel it.
        var isUnwinding = false
        /// Whether it has started children, or come to the record of some.
        var hasChildren = false
        /// What a clean-up leaves undone that is to end in any case.
        var leftUndone = LeftUndone()
    }

    /// A branch that waits.
    struct Waiting {
        let branch: Branch
        let awaited: Awaited
        /// The mailbox count when it looked, for a branch that waits for something to come in.
        let seen: Int64?
        /// How often branches had given something back when it looked.
        let nudges: Int
    }

    /// Why the run ended early, and what its `live` row is to say.
    struct Interruption {
        var cause: WorkflowInterruption.Cause
        var release: ReleaseRow?
        /// What the workflow does before it ends, if it is to end.
        var cleanUp: CleanUp?
        /// The request to cancel that it carries out.
        var request: Int64?
        /// What the workflow begins anew with.
        var continuation: JournalRecord?
    }

    /// Whom an interruption wakes.
    private struct Woken {
        let isFirst: Bool
        let cause: WorkflowInterruption.Cause
        let task: Task<Void, Never>?
        let gate: [UnsafeContinuation<Void, any Error>]
        let sleepers: [UnsafeContinuation<Void, Never>]
    }

    let state: Mutex<State>
    private let interrupted = Atomic(false)

    init(
        plan: RunPlan,
        lane: RunLane,
        lease: Lease,
        failures: [any (Error & Codable & Sendable).Type],
        engine: EngineCore
    ) {
        self.plan = plan
        self.lane = lane
        self.lease = lease
        self.failures = failures
        self.engine = engine
        self.fencingToken = engine.now()
        self.metrics = engine.metrics?[plan.name]
        self.span = engine.tracing?.began(plan) ?? RunSpan()
        self.state = Mutex(
            State(
                ledger: BranchLedger(hasHistory: !plan.history.isEmpty),
                mailbox: plan.mailbox,
                isUnwinding: plan.cleanUp != nil
            )
        )
    }

    var id: String { self.plan.id }

    /// The engine's logger with whose run this is; made when somebody logs, which few runs do.
    var logger: Logger {
        var logger = self.engine.logger
        logger[metadataKey: "workflow.id"] = "\(self.plan.id)"
        logger[metadataKey: "workflow.name"] = "\(self.plan.name)"
        return logger
    }

    // MARK: - Interruption

    /// Whether the run is over, whatever its code still does.
    var isInterrupted: Bool { self.interrupted.load(ordering: .acquiring) }

    /// Why it is over, if it is.
    var interruption: Interruption? { self.state.withLock { $0.interruption } }

    func attach(_ task: Task<Void, Never>) {
        let isLate = self.state.withLock { state in
            state.task = task
            return state.interruption != nil
        }
        if isLate { task.cancel() }
    }

    /// Ends the run: every further call on its contexts throws, and its steps are cancelled.
    ///
    /// The first cause counts.
    ///
    /// - Parameter cancelling: whether running steps are cancelled at once, or may end.
    @discardableResult
    func interrupt(_ interruption: Interruption, cancelling: Bool = true) -> Bool {
        self.interrupt(cancelling: cancelling) { _ in interruption }
    }

    /// Ends the run, if what is so at that very moment says so.
    ///
    /// - Parameter decide: Why it ends; nil: it goes on.
    @discardableResult
    func interrupt(cancelling: Bool = true, _ decide: (State) -> Interruption?) -> Bool {
        let woken = self.state.withLock { state -> Woken? in
            guard !state.isConcluded, let interruption = decide(state) else { return nil }
            if interruption.cleanUp != nil, state.isUnwinding { return nil }
            let isFirst = state.interruption == nil
            if isFirst { state.interruption = interruption }
            defer {
                state.gate = [:]
                state.sleepers = [:]
            }
            return Woken(
                isFirst: isFirst,
                cause: interruption.cause,
                task: state.task,
                gate: Array(state.gate.values),
                sleepers: Array(state.sleepers.values)
            )
        }
        guard let woken else { return false }
        self.interrupted.store(true, ordering: .releasing)
        let error = WorkflowInterruption(woken.cause)
        for waiter in woken.gate { waiter.resume(throwing: error) }
        for sleeper in woken.sleepers { sleeper.resume() }
        self.lane.abandonWaiters(error)
        if cancelling { woken.task?.cancel() }
        return woken.isFirst
    }

    /// The code of the run has ended: from now on it cannot be interrupted.
    ///
    /// - Returns: The interruption that came before, if one did: then what the code returned or threw does not count.
    func conclude() -> Interruption? {
        self.state.withLock { state in
            if state.interruption == nil { state.isConcluded = true }
            return state.interruption
        }
    }

    /// Cancels what still runs, after its time to end by itself is over.
    func cancelTask() {
        self.state.withLock { $0.task }?.cancel()
    }

    /// Throws if the run is over.
    func checkAlive() throws {
        if self.isInterrupted { throw self.interruptionError }
        if self.lane.failure != nil { throw self.laneFailed() }
        if self.plan.mayLeaveUndone, self.hasLostItsWay { throw WorkflowInterruption(.cancelled) }
    }

    /// Throws if nothing may be recorded any more, not even what has begun before.
    func checkMayRecord() throws {
        if self.isInterrupted {
            let cause = self.interruption?.cause
            if cause != .shutdown, cause != .cancelled { throw self.interruptionError }
        }
        if self.lane.failure != nil { throw self.laneFailed() }
    }

    var interruptionError: WorkflowInterruption {
        WorkflowInterruption(self.interruption?.cause ?? .superseded)
    }

    /// The lane has failed: somebody else owns the workflow, or a row could not be written.
    func laneFailed() -> WorkflowInterruption {
        if let failure = self.lane.failure as? PostgresError {
            return self.pause(
                .undecodable,
                DurableError(
                    .unencodable,
                    "the database refused a record of it: mend what the error says, then resume it",
                    workflow: self.id,
                    underlying: failure
                )
            )
        }
        self.interrupt(Interruption(cause: .superseded))
        return self.interruptionError
    }

    /// Pauses the workflow: the run ends, and a person is told why.
    func pause(_ reason: PauseReason, _ error: DurableError) -> WorkflowInterruption {
        var row = ReleaseRow(state: .paused, runAt: nil, waitingFor: nil, reason: reason, error: nil)
        // In plain words: they are the engine's own, and for a person.
        row.error = RecordedError(recording: error).encode()
        if self.interrupt(Interruption(cause: .paused, release: row)) {
            self.metrics?.paused(reason)
            self.logger.error(
                "workflow.paused",
                metadata: ["reason": "\(reason.rawValue)", "error": "\(error)"]
            )
        }
        return self.interruptionError
    }

    // MARK: - Effects

    /// The moment at which an effect may start, if that is now and nothing has to be waited for.
    func readyAtOnce(after ticket: Int) -> ContinuousClock.Instant? {
        guard !self.plan.isResumed, self.lane.isDurable(ticket) else { return nil }
        let now = ContinuousClock.now
        return self.lease.mayStartEffect(at: now) ? now : nil
    }

    /// Waits until an effect may start: everything that it depends on is durable, and this process holds its lease.
    ///
    /// - Returns: The moment, so that nobody has to ask the clock again.
    @discardableResult
    func readyForEffect(after ticket: Int) async throws -> ContinuousClock.Instant {
        try self.checkAlive()
        let now: ContinuousClock.Instant
        do {
            if self.plan.isResumed { try await self.waitForClaim() }
            if Protection.barrier.isOn {
                self.engine.writer.look(for: ticket, of: self.lane)
                try await self.lane.waitUntilDurable(ticket)
            }
            let durable = ContinuousClock.now
            if self.lease.mayStartEffect(at: durable) {
                now = durable
            } else {
                try await self.lease.waitUntilMayStartEffect()
                now = .now
            }
        } catch {
            if self.isInterrupted { throw self.interruptionError }
            throw self.laneFailed()
        }
        try self.checkAlive()
        return now
    }

    @inline(never)
    private func waitForClaim() async throws {
        try await self.engine.writer.waitUntilDurable(self.claimCommit(), of: self.lane)
    }

    /// What was read at the claim may be visible and not yet durable; a commit of this process that began later settles it.
    private func claimCommit() -> Int {
        if let ticket = self.state.withLock({ $0.claimTicket }) { return ticket }
        let ticket = self.engine.writer.submit(.commit, for: self.lane) ?? 0
        self.state.withLock { if $0.claimTicket == nil { $0.claimTicket = ticket } }
        return ticket
    }
}

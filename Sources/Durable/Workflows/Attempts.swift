// SPDX-License-Identifier: Apache-2.0

import Logging

/// The attempts of one step or transaction: numbers them on across crashes, waits between them, and records how they end.
///
/// A class, and its parts are not inlined: what an asynchronous function holds while it waits, be it only on the way of some
/// branch of its code, is memory of every workflow in flight, and a step touches all of it.
final class Attempts {
    private let call: LiveCall
    private var retry: RetryState
    private var previous: StepFailure?
    private var due: Int64?
    /// When the one that runs began; nil before the first of this run.
    private var began: ContinuousClock.Instant?
    /// When the first of all began, by the database's clock.
    private var firstBegan: Int64?

    /// - Parameter policy: nil: the engine's.
    @inline(never)
    init(of call: LiveCall, retry policy: RetryPolicy?, context: WorkflowContext) throws {
        self.call = call
        let last = call.notes.last
        self.retry = try RetryState(policy ?? context.engine.options.retry, failed: Int(last?.attempt ?? 0))
        self.due = last?.due
        self.firstBegan = call.notes.first.map { $0.at - Int64(Double($0.seconds ?? 0) * 1_000_000) }
        if let error = last?.error {
            self.previous = try? RecordedError(decoding: error, by: context.engine.coder).failure
        }
    }

    /// Which attempt is under way or next, from 1.
    var number: Int { self.retry.attempt }

    /// Waits until the next attempt is due and may start, and begins it.
    func next(timeout: Duration?, context: WorkflowContext) async throws -> StepContext {
        if self.isDelayed { try await self.waitUntilDue(context) }
        let now = try await context.run.readyForEffect(after: context.lastTicket)
        return try self.begin(at: now, timeout: timeout, context: context)
    }

    /// Whether the next attempt may be due later than now.
    var isDelayed: Bool { self.due != nil }

    @inline(never)
    func waitUntilDue(_ context: WorkflowContext) async throws {
        guard let due else { return }
        let what = Awaited("attempt \(self.number) of \(self.call.kind.word) \(self.call.label)")
        try await context.run.wait(until: due, for: what, in: context.branch)
        self.due = nil
    }

    /// Begins the next attempt.
    ///
    /// - Parameter now: The moment at which it was allowed to.
    @inline(never)
    func begin(at now: ContinuousClock.Instant, timeout: Duration?, context: WorkflowContext) throws -> StepContext {
        try context.checkAlive()
        let startedAt = context.engine.time(at: now)
        self.began = now
        if self.firstBegan == nil { self.firstBegan = startedAt }
        return StepContext(
            running: RunningAttempt(
                self.call,
                number: self.number,
                after: self.previous,
                deadline: timeout.map { now.advanced(by: $0) },
                run: context.run,
                startedAt: startedAt
            )
        )
    }

    /// The attempt has worked: puts its record on its way, and waits where that is wanted.
    @inline(never)
    func succeed(with output: [UInt8]?, context: WorkflowContext) async throws {
        if let output, output.count > EngineCore.largeRecord { await context.engine.writer.waitForRoom() }
        try await context.settle(self.enqueueSuccess(output, context), self.call.place, phase: 0)
    }

    /// The same where nothing has to be waited for, as with nearly every step; false, and nothing is done, where something has.
    @inline(never)
    func succeedAtOnce(with output: [UInt8]?, context: WorkflowContext) throws -> Bool {
        guard context.engine.options.durability != .immediate, output?.count ?? 0 <= EngineCore.largeRecord else {
            return false
        }
        _ = try self.enqueueSuccess(output, context)
        context.checkpointed(self.call.place, phase: 0)
        return true
    }

    @inline(never)
    private func enqueueSuccess(_ output: [UInt8]?, _ context: WorkflowContext) throws -> Int {
        let record = self.success(output, context: context)
        let ticket = try context.enqueue(record, as: .record(record))
        context.run.metrics?.succeeded(record)
        return ticket
    }

    /// The record of an attempt that has worked.
    func success(_ output: [UInt8]?, context: WorkflowContext) -> JournalRecord {
        var record = self.record(phase: 0, context: context)
        record.output = output.map { .bytes($0) }
        return record
    }

    /// An attempt has failed: returns when another one follows, and throws what the step throws when none does.
    ///
    /// An undo that has used up its attempts pauses the workflow, and goes on where it stands when it is resumed.
    @inline(never)
    func failed(
        _ error: any Error,
        failures: [any (Error & Codable & Sendable).Type] = [],
        isUndo: Bool = false,
        context: WorkflowContext
    ) async throws {
        if error is WorkflowInterruption { throw error }
        // What a step throws after its run is over, or because it was cancelled with it, is nobody's failure.
        if Task.isCancelled { try context.checkAlive() } else { try context.checkMayRecord() }
        let declared = context.run.failures + failures
        let recorded = RecordedError(
            recording: error,
            attempt: self.number,
            declared: declared,
            coder: context.engine.coder
        )
        let elapsed = self.firstBegan.map { Duration.microseconds(context.engine.now() - $0) } ?? .zero
        // Both rows tell of the attempt that has just ended, so they are made before the next one is counted.
        let failed = self.number
        var note = self.record(phase: Int16(clamping: failed), context: context)
        note.error = recorded.encode(by: context.engine.coder)
        // The work was done and its result cannot be written: doing it again would not help.
        let isFutile = (error as? DurableError)?.code == .unencodable
        let action = self.retry.attemptFailed(error, elapsed: elapsed, random: .random(in: 0 ... .max))
        if !isFutile, case .retry(let delay) = action {
            let delay = context.engine.options.hooks?.hasRetryDelays == false ? .zero : delay
            note.due = DatabaseTime.adding(delay, to: note.at)
            context.run.metrics?.failed(note, isRetried: true)
            self.log("step.attempt_failed", recorded, note, level: .info, context: context, retryIn: delay)
            self.due = note.due
            self.previous = recorded.failure
            // The journal numbers attempts up to 32,767. Those beyond are counted by this run alone.
            if failed == Int(note.phase) { try await context.submit(note) }
        } else if isUndo || !isFutile && action == .pause {
            context.run.metrics?.failed(note, isRetried: false)
            // Together with the pause, and no checkpoint of its own: who went on from it would begin another attempt.
            if failed == Int(note.phase) { _ = try context.enqueue(note, as: .record(note)) }
            throw self.pause(isUndo: isUndo, after: failed, recorded.failure, context: context)
        } else {
            note.phase = 0
            context.run.metrics?.failed(note, isRetried: false)
            self.log("step.failed", recorded, note, level: .notice, context: context, retryIn: nil)
            try await context.submit(note)
            throw try recorded.thrown(declared: declared, coder: context.engine.coder)
        }
    }

    private func pause(isUndo: Bool, after failed: Int, _ failure: StepFailure, context: WorkflowContext)
        -> WorkflowInterruption
    {
        let label = self.call.label
        let words =
            if isUndo {
                """
                \(label) failed after \(failed) attempts, and what it was to undo is still done: mend what it needs, or undo \
                it by hand, then resume the workflow
                """
            } else {
                """
                step \(label) has used up its attempts: attempt \(failed) failed with \(failure.type). Mend what it needs, \
                then resume the workflow: the step is tried once more
                """
            }
        let error = DurableError(
            isUndo ? .undoFailed : .retriesExhausted,
            words,
            workflow: context.run.id,
            step: label,
            underlying: failure
        )
        return context.run.pause(isUndo ? .undoFailed : .retriesExhausted, error)
    }

    private func record(phase: Int16, context: WorkflowContext) -> JournalRecord {
        let now = ContinuousClock.now
        var record = JournalRecord(
            place: self.call.place,
            phase: phase,
            kind: self.call.kind,
            name: self.call.name,
            attempt: Int16(clamping: self.number),
            at: context.timestamp(at: now),
            seconds: self.began.map { Float((now - $0) / .seconds(1)) } ?? 0
        )
        record.fingerprint = self.call.fingerprint
        return record
    }

    private func log(
        _ message: Logger.Message,
        _ error: RecordedError,
        _ record: JournalRecord,
        level: Logger.Level,
        context: WorkflowContext,
        retryIn delay: Duration?
    ) {
        var metadata: Logger.Metadata = [
            "step.name": "\(self.call.label)",
            "step.attempt": "\(record.attempt)",
            "error.type": "\(error.type)",
        ]
        if let delay { metadata["step.retry_in"] = "\(delay)" }
        context.run.logger.log(level: level, message, metadata: metadata)
    }
}

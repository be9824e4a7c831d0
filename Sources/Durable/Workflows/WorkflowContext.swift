// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif
public import Logging

/// The workflow's way to everything that must survive a crash: steps, transactions, sleeps, branches, time and chance.
///
/// A context belongs to one scope of one run, and is used by one task at a time: it is not `Sendable`, so that the compiler
/// rejects `async let`, `Task { }` and task groups on it, and the use of an outer context inside a branch.
public final class WorkflowContext {
    let run: Run
    let branch: Branch
    var cursor: ScopeCursor
    /// The last row of this scope, or of what led to it, that is on its way to the database.
    var lastTicket: Int
    /// The database's time at the last checkpoint that this scope has consumed.
    var clock: Int64
    var isAtFrontier: Bool
    /// What it may do at its first unrecorded call.
    let frontier: Frontier
    /// It came to its first unrecorded call and may not go on: every further call throws.
    var isClosed = false
    private var generator: SeededRandom?

    init(run: Run, scope: String, branch: Branch, lastTicket: Int, clock: Int64, frontier: Frontier = .open) {
        self.run = run
        self.frontier = frontier
        self.branch = branch
        self.cursor = ScopeCursor(scope: scope)
        self.lastTicket = lastTicket
        self.clock = clock
        self.isAtFrontier = run.plan.history.isEmpty
        run.visit(scope)
    }

    var engine: EngineCore { self.run.engine }

    // MARK: - Who

    /// The id of the workflow.
    public var workflowID: String { self.run.id }

    /// Logs with the workflow's id and name; silent while recorded calls are replayed, so that nothing is logged twice.
    public var logger: Logger {
        guard self.isAtFrontier else { return Logger(label: self.run.logger.label) { _ in SwiftLogNoOpLogHandler() } }
        return self.run.logger
    }

    /// Makes a scope below this one, at a place of this one.
    func child(_ scope: String, branch: Branch) throws -> WorkflowContext {
        try ScopePath.check(scope, workflow: self.run.id)
        return WorkflowContext(
            run: self.run,
            scope: scope,
            branch: branch,
            lastTicket: self.lastTicket,
            clock: self.clock,
            frontier: self.frontier
        )
    }

    // MARK: - Time and chance

    /// The database's time at which the last checkpoint that this scope has consumed was recorded, and at first the start of
    /// the workflow: the same on every replay, without a row.
    public var now: Date { DatabaseTime.date(self.clock) }

    /// The next random UUID of this scope: the same on every replay, without a row.
    ///
    /// Guessable for whoever knows the seed.
    public func uuid() -> UUID {
        var generator = self.random
        defer { self.random = generator }
        return generator.uuid()
    }

    /// A generator of this scope that gives the same numbers on every replay.
    ///
    /// ```swift
    /// let dice = Int.random(in: 1...6, using: &workflow.random)
    /// ```
    public var random: SeededRandom {
        get {
            self.generator
                ?? SeededRandom(seed: self.run.plan.seed, scope: self.run.plan.randomScope(self.cursor.scope))
        }
        set { self.generator = newValue }
    }

    // MARK: - Calls

    /// What a call has to do.
    enum Call {
        /// It had ended: this is what was recorded.
        case recorded(RecordedCall)
        /// It is to be done, or to be done again.
        case live(LiveCall)

        var place: Place {
            switch self {
            case .recorded(let call): call.record.place
            case .live(let call): call.place
            }
        }

        /// The call as people see it.
        var label: String {
            switch self {
            case .recorded(let call): call.label
            case .live(let call): call.label
            }
        }
    }

    /// Takes the next place of the scope for a call, and compares it with the history.
    ///
    /// - Parameters:
    ///   - inputs: What is compared of its inputs.
    ///   - starting: Called with the place of a call that has no result yet, before it is known whether it may be made: it
    ///     counts as started.
    @inline(never)
    func begin(
        _ kind: JournalKind,
        _ name: String,
        inputs: StepInputs = .none,
        starting: ((Place) -> Void)? = nil
    ) async throws -> Call {
        try IdentifierRules.check(name: name, of: kind.named)
        return try await self.begin(unchecked: kind, name, inputs: inputs, starting: starting)
    }

    /// The same for a name that was made here.
    func begin(
        unchecked kind: JournalKind,
        _ name: String,
        inputs: StepInputs = .none,
        starting: ((Place) -> Void)? = nil
    ) async throws -> Call {
        let call = try self.meet(kind, name, inputs)
        if inputs.check != .ignored { try await self.compare(inputs, of: call) }
        if self.run.plan.mayLeaveUndone { self.run.followed(to: call.place) }
        guard case .live(let live) = call else { return call }
        starting?(live.place)
        if !self.mayGoOn { try await self.reachFrontier() }
        try self.endReplay(kind, name, at: live.place)
        return call
    }

    /// The same where nothing has to be waited for, as for nearly every step; nil, and nothing is taken, where something has.
    @inline(never)
    func beginAtOnce(
        _ kind: JournalKind,
        _ name: String,
        inputs: StepInputs,
        starting: ((Place) -> Void)?
    ) throws -> Call? {
        guard self.mayGoOn, inputs.check == .ignored else { return nil }
        try IdentifierRules.check(name: name, of: kind.named)
        let call = try self.meet(kind, name, inputs)
        if self.run.plan.mayLeaveUndone { self.run.followed(to: call.place) }
        guard case .live(let live) = call else { return call }
        starting?(live.place)
        try self.endReplay(kind, name, at: live.place)
        return call
    }

    /// What a call meets at the next place of the scope, which it takes.
    @inline(never)
    private func meet(_ kind: JournalKind, _ name: String, _ inputs: StepInputs) throws -> Call {
        try self.checkAlive()
        do {
            let (place, label, finding) = try self.cursor.advance(kind, name, in: self.run.plan.history)
            let fingerprint = try inputs.fingerprint(of: label, workflow: self.run.id)
            var notes: [JournalRecord] = []
            switch finding {
            case .recorded(let record):
                self.clock = max(self.clock, record.at)
                return .recorded(RecordedCall(record, label: label))
            case .begun(let noted):
                if let last = noted.last { self.clock = max(self.clock, last.at) }
                notes = noted
            case .fresh: break
            }
            return .live(
                LiveCall(place: place, kind: kind, name: name, label: label, notes: notes, fingerprint: fingerprint)
            )
        } catch let divergence as Divergence {
            throw self.run.diverged(divergence)
        }
    }

    /// Whether the scope stands at its first unrecorded call already, and may make it.
    private var mayGoOn: Bool { self.isAtFrontier && self.frontier == .open }

    /// This scope stands at its first unrecorded call.
    func reachFrontier() async throws {
        if let closed = self.close() { throw closed }
        guard !self.isAtFrontier else { return }
        self.isAtFrontier = true
        try await self.run.arriveAtFrontier()
        try self.checkAlive()
    }

    /// Ends the scope at its first unrecorded call, if it may not go on there.
    func close() -> WorkflowInterruption? {
        switch self.frontier {
        case .open: return nil
        case .cancelled:
            self.isClosed = true
            return WorkflowInterruption(.cancelled)
        case .decided:
            self.isClosed = true
            return WorkflowInterruption(.decided)
        case .failed:
            self.isClosed = true
            return self.run.diverged(.revived(self.cursor.scope))
        }
    }

    /// The scope has come to its normal end.
    func finishScope() throws {
        do {
            try self.cursor.finish(in: self.run.plan.history)
        } catch let divergence as Divergence {
            throw self.run.diverged(divergence)
        }
    }

    func checkAlive() throws {
        if self.isClosed, let closed = self.close() { throw closed }
        if self.branch.isDecided { throw WorkflowInterruption(.decided) }
        try self.run.checkAlive()
    }

    /// What a call throws that may not go on.
    var interruptionError: WorkflowInterruption {
        if self.frontier != .open, !self.run.isInterrupted, let closed = self.close() { return closed }
        return self.run.interruptionError
    }

    /// What had begun when the process was asked to leave may end, and is recorded; nothing after it begins.
    func checkMayRecord() throws {
        if self.branch.isDecided { throw WorkflowInterruption(.decided) }
        try self.run.checkMayRecord()
    }
}

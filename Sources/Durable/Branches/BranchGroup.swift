// SPDX-License-Identifier: Apache-2.0

/// Runs the branches of one `parallel`, `map` or `race`, each in a scope of its own, and records how the group ended.
struct BranchGroup {
    typealias Body = @Sendable @concurrent (Int, WorkflowContext) async throws -> Void

    let name: String
    let count: Int
    let maxConcurrent: Int
    let rule: JoinMachine.Rule
    /// Writes the value of a branch as JSON text, for a group that is decided before all have ended.
    let value: @Sendable (Int) throws -> String?

    /// How a group ended.
    struct End: Sendable {
        var record: JoinRecord
        /// What failed branches threw, by branch.
        var errors: [Int: any Error] = [:]
        /// The group was decided before a crash: its branches did not run again.
        var isRecalled = false
    }

    private struct BranchEnd: Sendable {
        let branch: Int
        let isAtFrontier: Bool
        let result: Result<Void, any Error>
    }

    /// Runs the group at the next place of the context's scope.
    func run(in context: WorkflowContext, _ body: @escaping Body) async throws -> End {
        guard self.maxConcurrent > 0 else {
            throw DurableError(
                .invalidArgument,
                "\(self.name) needs at least one branch at a time; maxConcurrent is \(self.maxConcurrent)",
                workflow: context.run.id
            )
        }
        try context.checkAlive()
        let (place, recorded) = try context.takeJoin(self.name, branches: self.count)
        let group = ScopePath.of(self.name, at: place.position, in: place.scope)
        var rule = self.rule
        // The deepest path of the group: whatever is wrong with it is said before anything runs.
        try ScopePath.check(ScopePath.branch(max(0, self.count - 1), of: group), workflow: context.run.id)
        if let recorded {
            context.clock = max(context.clock, recorded.at)
            let join = try context.decodeJoin(recorded)
            if join.verdict != .complete {
                context.run.skip(prefix: group + "[")
                if let begun = join.undos { await self.findUndos(of: begun, group, context, body) }
                return try self.recall(join, recorded, in: context)
            }
            // It is known that all had ended; in which order they end now decides nothing.
            if case .settled = rule { rule = .settled(.all) }
        }
        var machine = JoinMachine(rule, count: self.count)
        let (errors, begun) = await self.runBranches(group, &machine, context, frontier: context.frontier, body)
        try context.checkAlive()
        guard let verdict = machine.verdict else { throw context.interruptionError }
        var end = End(record: try self.record(verdict, errors, context), errors: errors)
        if recorded == nil {
            var entered = begun
            if end.record.verdict != .complete {
                context.run.skip(prefix: group + "[")
                // Decided by what was recorded of some, it may not have come to what was recorded of the others.
                let known = context.run.plan.history.branches(at: place)
                if known > 0 {
                    entered = max(begun, known)
                    await self.findUndos(of: entered, group, context, body)
                    try context.checkAlive()
                }
            }
            if context.run.hasUndos(below: group) { end.record.undos = entered }
            try await context.reachFrontier()
            try await self.submit(&end, at: place, of: group, context)
        }
        return end
    }

    // MARK: - Branches

    /// Enters branches of a decided group, as far as they were recorded before a crash: nothing of theirs goes on.
    private func findUndos(of begun: Int, _ group: String, _ context: WorkflowContext, _ body: @escaping Body) async {
        let begun = BranchGroup(
            name: self.name,
            count: min(begun, self.count),
            maxConcurrent: self.maxConcurrent,
            rule: .settled(.all),
            value: { _ in nil }
        )
        var machine = JoinMachine(begun.rule, count: begun.count)
        _ = await begun.runBranches(group, &machine, context, frontier: .decided, body)
    }

    /// - Returns: What failed branches threw, and how many branches have begun.
    private func runBranches(
        _ group: String,
        _ machine: inout JoinMachine,
        _ context: WorkflowContext,
        frontier: Frontier,
        _ body: @escaping Body
    ) async -> (errors: [Int: any Error], begun: Int) {
        guard self.count > 0 else { return ([:], 0) }
        let run = context.run
        let branch = Branch(parent: context.branch, isRacing: self.isRace)
        let (ticket, clock) = (context.lastTicket, context.clock)
        var errors: [Int: any Error] = [:]
        var ending = machine
        let begun = await withTaskGroup(of: BranchEnd.self) { tasks in
            var next = 0
            var running = 0
            func launch() {
                let index = next
                next += 1
                running += 1
                run.branchBegan()
                tasks.addTask {
                    let child = WorkflowContext(
                        run: run,
                        scope: ScopePath.branch(index, of: group),
                        branch: branch,
                        lastTicket: ticket,
                        clock: clock,
                        frontier: frontier
                    )
                    let result: Result<Void, any Error>
                    do {
                        try await body(index, child)
                        try child.checkAlive()
                        try child.finishScope()
                        result = .success(())
                    } catch {
                        // Whatever its code made of not going on.
                        result = .failure(child.isClosed ? child.interruptionError : error)
                    }
                    return BranchEnd(branch: index, isAtFrontier: child.isAtFrontier, result: result)
                }
            }
            while next < min(self.count, self.maxConcurrent) { launch() }
            run.branchEnded(atFrontier: context.isAtFrontier)
            while let end = await tasks.next() {
                running -= 1
                var isInterrupted = false
                switch end.result {
                case .success:
                    if ending.ended(end.branch, succeeded: true) { branch.decide() }
                case .failure(let error) where error is WorkflowInterruption || branch.isDecided || run.isInterrupted:
                    isInterrupted = true
                case .failure(let error):
                    errors[end.branch] = error
                    if ending.ended(end.branch, succeeded: false) { branch.decide() }
                }
                if ending.verdict != nil { tasks.cancelAll() }
                // A branch that is not to go on keeps its turn: those behind it have not begun.
                let keepsTurn = isInterrupted && frontier != .open
                if ending.verdict == nil, !run.isInterrupted, !context.branch.isDecided, !keepsTurn, next < self.count {
                    launch()
                }
                // Whoever goes on is counted before the one that ends is not: the ledger must not see an empty moment.
                if running == 0 { run.parentResumed(atFrontier: context.isAtFrontier) }
                run.branchEnded(atFrontier: end.isAtFrontier)
            }
            return next
        }
        machine = ending
        return (errors, begun)
    }

    // MARK: - The record

    private func record(
        _ verdict: JoinMachine.Verdict,
        _ errors: [Int: any Error],
        _ context: WorkflowContext
    ) throws -> JoinRecord {
        switch verdict {
        case .complete: return JoinRecord(verdict: .complete)
        case .won(let branch): return JoinRecord(verdict: .won, branch: branch, value: try self.value(branch))
        case .failed(let branch): return JoinRecord(verdict: .failed, branch: branch)
        case .enough:
            var ended: [JoinRecord.Ended] = []
            for branch in 0..<self.count {
                if let error = errors[branch] {
                    let json = context.recorded(error).encode(by: context.engine.coder)
                    ended.append(JoinRecord.Ended(branch: branch, error: String(decoding: json, as: UTF8.self)))
                } else if let value = try self.value(branch) {
                    ended.append(JoinRecord.Ended(branch: branch, value: value))
                }
            }
            return JoinRecord(verdict: .enough, ended: ended)
        }
    }

    private func submit(
        _ end: inout End,
        at place: Place,
        of group: String,
        _ context: WorkflowContext
    ) async throws {
        var row = JournalRecord(place: place, phase: 0, kind: .join, name: self.name, at: context.timestamp())
        row.output = try context.engine.coder.encode(end.record, as: "the join of \(self.name)").map { .bytes($0) }
        if let branch = end.record.branch, let error = end.errors[branch] {
            let recorded = context.recorded(error)
            row.error = recorded.encode(by: context.engine.coder)
            // Thrown now as it will be thrown on replay.
            end.errors[branch] = try recorded.thrown(declared: context.run.failures, coder: context.engine.coder)
        }
        // The winner keeps what it has received; whatever the others have received is free again.
        let settlement = end.record.branch.flatMap { winner in
            self.isRace && context.run.mayHaveTaken(in: group)
                ? RaceSettlement(
                    group: group,
                    winner: ScopePath.branch(winner, of: group),
                    isNested: context.branch.isRacing
                ) : nil
        }
        let ticket = try await context.submit(row, riders: settlement.map { [.settle($0)] } ?? [])
        if let settlement { context.run.settled(settlement, after: ticket) }
    }

    private var isRace: Bool { if case .race = self.rule { true } else { false } }

    /// The end of a group that was decided before a crash.
    private func recall(_ join: JoinRecord, _ record: JournalRecord, in context: WorkflowContext) throws -> End {
        var end = End(record: join, isRecalled: true)
        if let branch = join.branch, let error = record.error {
            end.errors[branch] = try context.recordedError(
                error,
                label: self.name,
                failures: [],
                at: record.place
            )
        }
        for ended in join.ended ?? [] {
            if let error = ended.error {
                end.errors[ended.branch] = try context.recordedError(
                    [UInt8](error.utf8),
                    label: self.name,
                    failures: [],
                    at: record.place
                )
            }
        }
        return end
    }
}

extension WorkflowContext {
    /// Takes the next place for a group of branches.
    func takeJoin(_ name: String, branches: Int) throws -> (place: Place, recorded: JournalRecord?) {
        do {
            let history = self.run.plan.history
            let (place, _, finding) = try self.cursor.advance(.join, name, in: history)
            if let leftover = history.leftover(at: place, beyond: branches) { throw Divergence.leftover(leftover) }
            if case .recorded(let record) = finding { return (place, record) }
            return (place, nil)
        } catch let divergence as Divergence {
            throw self.run.diverged(divergence)
        }
    }

    func decodeJoin(_ record: JournalRecord) throws -> JoinRecord {
        guard case .bytes(let bytes) = record.output else { return JoinRecord(verdict: .complete) }
        do {
            return try self.engine.coder.decode(JoinRecord.self, from: bytes)
        } catch {
            throw self.run.pause(
                .undecodable,
                DurableError(
                    .undecodable,
                    "the recorded end of \(record.name) cannot be read by this code",
                    workflow: self.run.id,
                    step: record.name,
                    underlying: error
                )
            )
        }
    }

    func recorded(_ error: any Error) -> RecordedError {
        RecordedError(recording: error, declared: self.run.failures, coder: self.engine.coder)
    }
}

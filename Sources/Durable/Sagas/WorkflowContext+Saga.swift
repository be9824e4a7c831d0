// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension WorkflowContext {
    /// Runs calls that succeed together or are undone together: when the block throws, the undos of its steps run, and then the
    /// error is thrown on, where it can be caught.
    ///
    /// ```swift
    /// do {
    ///     try await workflow.saga { saga in
    ///         try await saga.step("book flight") { step in try await airline.book(step) } undo: { step in … }
    ///         try await saga.step("book hotel") { step in try await hotel.book(step) } undo: { step in … }
    ///     }
    /// } catch let failure as StepFailure {
    ///     // neither flight nor hotel are booked
    /// }
    /// ```
    ///
    /// After the block has returned, its undos belong to the saga around it, or to the workflow: a later failure there undoes
    /// it too. When the workflow is cancelled meanwhile, the block does not throw; its undos run with all the others.
    ///
    /// - Parameters:
    ///   - name: What it is called in the journal; 1 to 128 bytes.
    ///   - body: The calls, made on the context of the saga, which is a scope of its own.
    /// - Returns: What the block returned.
    /// - Throws: What the block threw, as for a step: an error that the workflow declares as itself, any other as a
    ///   ``StepFailure``. ``WorkflowInterruption`` when this run of the workflow is over.
    @discardableResult
    public func saga<Value>(
        _ name: String = "saga",
        _ body: (WorkflowContext) async throws -> Value
    ) async throws -> Value {
        try self.checkAlive()
        try IdentifierRules.check(name: name, of: .scope)
        let (place, label, finding) = try self.takeSaga(name)
        let path = ScopePath.of(name, at: place.position, in: place.scope)
        var undoing: JournalRecord?
        switch finding {
        case .recorded(let record):
            // It failed, and everything is undone: it is not entered again.
            self.clock = max(self.clock, record.at)
            self.run.visit(path)
            for prefix in [path, "\(ScopePath.undo)/\(path)"] {
                self.run.skip(prefix: prefix + "/")
                self.run.skip(prefix: prefix + "[")
            }
            throw try self.recordedError(record.error ?? [], label: label, failures: [], at: place)
        case .begun(let notes): undoing = notes.first
        case .fresh: break
        }
        let child = WorkflowContext(
            run: self.run,
            scope: path,
            branch: self.branch,
            lastTicket: self.lastTicket,
            clock: self.clock,
            frontier: undoing != nil && self.frontier == .open ? .failed : self.frontier
        )
        try ScopePath.check(path, workflow: self.run.id)
        child.isAtFrontier = self.isAtFrontier
        let thrown: any Error
        do {
            defer { self.follow(child) }
            let value = try await body(child)
            try child.checkAlive()
            if undoing != nil, let closed = child.close() { throw closed }
            try child.finishScope()
            return value
        } catch let divergence as Divergence {
            throw self.run.diverged(divergence)
        } catch {
            thrown = error
        }
        // What a run that is over threw is no failure of the saga.
        if thrown is WorkflowInterruption { throw thrown }
        try child.checkAlive()
        var error = self.recorded(thrown).encode(by: self.engine.coder)
        if let noted = undoing?.error { error = noted }
        try await self.undo(place, name, path, error, isBegun: undoing != nil)
        throw try self.recordedError(error, label: label, failures: [], at: place)
    }

    /// Undoes the steps of a saga, and records that, and with what, it failed.
    private func undo(
        _ place: Place,
        _ name: String,
        _ path: String,
        _ error: [UInt8],
        isBegun: Bool
    ) async throws {
        func record(_ phase: Int16) -> JournalRecord {
            var record = JournalRecord(place: place, phase: phase, kind: .scope, name: name, at: self.timestamp())
            record.error = error
            return record
        }
        let undos = self.run.state.withLock { $0.undos.take(in: path) }
        if !isBegun {
            do {
                try await self.reachFrontier()
            } catch {
                // The run that undoes everything else sees to these as well.
                for undo in undos { self.run.register(undo) }
                throw error
            }
            if !undos.isEmpty { try await self.submit(record(1)) }
        }
        try await self.run.perform(undos, after: self)
        try await self.reachFrontier()
        try await self.submit(record(0))
    }

    private func takeSaga(_ name: String) throws -> (place: Place, label: String, finding: ScopeCursor.Finding) {
        do {
            return try self.cursor.advance(.scope, name, in: self.run.plan.history)
        } catch let divergence as Divergence {
            throw self.run.diverged(divergence)
        }
    }

    /// Goes on where a scope below has ended.
    private func follow(_ child: WorkflowContext) {
        self.isAtFrontier = child.isAtFrontier
        self.isClosed = self.isClosed || child.isClosed
        self.lastTicket = max(self.lastTicket, child.lastTicket)
        self.clock = max(self.clock, child.clock)
    }
}

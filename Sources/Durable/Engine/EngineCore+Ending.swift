// SPDX-License-Identifier: Apache-2.0

import Logging

/// What the end of a run comes to, in the journal and for whoever waits.
extension EngineCore {
    /// What the end of a run's code comes to: an outcome, unless the run was interrupted before.
    func finish(_ run: Run, _ result: Result<[UInt8]?, any Error>) async {
        if let interruption = run.conclude() { return await self.finish(run, interruption) }
        let row = self.outcome(of: run, result)
        await self.end(run, row)
        run.span.end(row.status.rawValue, isError: row.status == .failed)
    }

    @inline(never)
    private func outcome(of run: Run, _ result: Result<[UInt8]?, any Error>) -> OutcomeRow {
        if let row = run.outcomeOfCleanUp(at: self.now()) { return row }
        var row = OutcomeRow(status: .succeeded, output: nil, error: nil, at: self.now())
        switch result {
        case .success(let output): row.output = output
        case .failure(let error):
            let recorded = RecordedError(recording: error, declared: run.failures, coder: self.coder)
            row.status = .failed
            row.error = recorded.encode(by: self.coder)
            run.logger.notice("workflow.failed", metadata: ["error.type": "\(recorded.type)"])
        }
        return row
    }

    // Not inlined, as the others that are rare: what they keep would count to the frame of every end.
    @inline(never)
    private func finish(_ run: Run, _ interruption: Run.Interruption) async {
        defer { run.span.end("\(interruption.cause)", isError: interruption.cause == .paused) }
        run.logger.debug("run.interrupted", metadata: ["cause": "\(interruption.cause)"])
        if let cleanUp = interruption.cleanUp {
            await self.cleanUp(run, cleanUp, request: interruption.request)
        } else if let continuation = interruption.continuation {
            await self.continueAsNew(run, continuation)
        } else if let release = interruption.release {
            await self.release(run, release)
        }
    }

    func release(_ run: Run, _ release: ReleaseRow) async {
        if release.state == .paused { self.options.hooks?.replayed?(.paused(error: release.error)) }
        // A lane that a refused record has ended takes nothing any more; the workflow is still this run's to pause.
        let lane = run.lane.failure is PostgresError ? run.lane.renewed() : run.lane
        if release.state == .paused, run.plan.mayLeaveUndone, let request = run.plan.cancellation {
            // Whatever it is paused for now, whoever asked has not seen that.
            _ = self.writer.submit(.lineage(.cancellationTaken(upTo: request.id)), for: lane)
        }
        guard let ticket = self.writer.submit(.release(release), for: lane) else { return }
        // The workflow stays this process's until the row is durable, or somebody else's already: both are fine.
        do {
            try await self.writer.waitUntilDurable(ticket, of: lane)
        } catch {
            run.logger.debug("run.release_dropped", metadata: ["error": "\(error)"])
        }
    }

    private func continueAsNew(_ run: Run, _ record: JournalRecord) async {
        do {
            // In a commit of its own, behind all others. A record that came with it and was sent again after a lost reply would
            // find its place free, since the journal was cut, and would stand in the one that has begun.
            try await self.writer.waitUntilDurable(run.lane.lastTicket, of: run.lane)
            guard let ticket = self.writer.submit(.lineage(.continuation(record)), for: run.lane) else { return }
            try await self.writer.waitUntilDurable(ticket, of: run.lane)
            self.claims.ring()
        } catch {
            run.logger.info("run.continuation_dropped", metadata: ["error": "\(error)"])
        }
    }

    func end(_ run: Run, _ row: OutcomeRow) async {
        if let replayed = self.options.hooks?.replayed { return replayed(.outcome(row)) }
        guard let ticket = self.submit(row, of: run) else { return }
        do {
            try await self.writer.waitUntilDurable(ticket, of: run.lane)
            self.tell(row, of: run)
        } catch {
            self.noteDropped(run, error)
        }
        self.ring(row, of: run)
    }

    @inline(never)
    private func submit(_ row: OutcomeRow, of run: Run) -> Int? {
        var row = row
        row.hasParent = run.plan.parent != nil
        if self.cancelsChildren(row, of: run) {
            _ = self.writer.submit(.lineage(.cancelChildren(reason: "its parent \(run.id) failed")), for: run.lane)
        }
        return self.writer.submit(.outcome(row), for: run.lane)
    }

    /// Tells whoever waits of an outcome that is durable.
    @inline(never)
    private func tell(_ row: OutcomeRow, of run: Run) {
        run.metrics?.ended(row.status, after: row.at - run.plan.createdAt)
        self.directory.board.deliver(Outcome(status: row.status, output: row.output, error: row.error), for: run.id)
    }

    @inline(never)
    private func noteDropped(_ run: Run, _ error: any Error) {
        run.logger.info("run.outcome_dropped", metadata: ["error": "\(error)"])
    }

    /// Wakes those who carry on what came with the outcome.
    private func ring(_ row: OutcomeRow, of run: Run) {
        if run.plan.parent != nil || self.cancelsChildren(row, of: run) { self.directory.notifier.post(.lineage) }
    }

    private func cancelsChildren(_ row: OutcomeRow, of run: Run) -> Bool {
        row.status == .failed && run.mayHaveChildren
    }
}

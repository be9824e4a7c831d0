// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging

extension WorkflowContext {
    /// How many changes of its inputs are marked of one call.
    private static let markLimit = 100

    /// Compares the fingerprint of a call's inputs with what is recorded at its place.
    ///
    /// - Throws: `WorkflowInterruption` when the workflow is paused over it.
    func compare(_ inputs: StepInputs, of call: Call) async throws {
        let (place, label) = (call.place, call.label)
        guard let entry = self.run.plan.history[place],
            let fingerprint = try inputs.fingerprint(of: label, workflow: self.run.id),
            let comparison = InputComparison(of: entry, with: fingerprint)
        else { return }
        let isStrict = inputs.check == .strict
        // A history that is replayed under test comes from another build.
        if !isStrict, self.engine.options.hooks?.replayed != nil { return }
        let own = isStrict ? [] : try await self.executorsOfThisBuild(among: comparison.executors)
        switch comparison.verdict(inputs.check, ofThisBuild: own) {
        case .diverged:
            throw self.run.diverged(.inputs(recorded: comparison.witness, label: label, isStrict: isStrict))
        case .changed:
            self.run.logger.warning(
                "step.inputs_changed",
                metadata: [
                    "step.name": "\(label)", "step.scope": "\(place.scope)", "step.position": "\(place.position)",
                    "hint": "another build recorded other inputs; the recorded result counts",
                ]
            )
            self.run.metrics?.inputsHaveChanged()
            try self.mark(comparison.witness, fingerprint, number: entry.marks.count + 1)
        }
    }

    private func executorsOfThisBuild(among executors: Set<Int32>) async throws -> Set<Int32> {
        let own = self.run.lane.executor.number
        guard !executors.contains(own), let build = self.engine.options.build else {
            return executors.intersection([own])
        }
        var tries = 0
        while true {
            try self.checkAlive()
            do {
                return try await self.engine.loader.executors(of: build, among: executors)
            } catch let error as PostgresError where error.isUnavailable {
                tries += 1
                await Backoff.pause(tries)
            }
        }
    }

    /// Leaves a mark in the journal, so that the change is reported once, and can be seen as long as the workflow is kept.
    ///
    /// It is a row of the call with a phase below 0. It does not move the clock of the scope: replays must not differ by it.
    private func mark(_ witness: JournalRecord, _ fingerprint: Int64, number: Int) throws {
        guard number <= Self.markLimit else { return }
        try self.checkMayRecord()
        var mark = JournalRecord(
            place: witness.place,
            phase: Int16(-number),
            kind: witness.kind,
            name: witness.name,
            attempt: witness.attempt,
            at: self.timestamp()
        )
        mark.fingerprint = fingerprint
        guard let ticket = self.engine.writer.submit(.record(mark), for: self.run.lane) else {
            throw self.run.laneFailed()
        }
        self.lastTicket = ticket
    }
}

// SPDX-License-Identifier: Apache-2.0

import Logging

extension EngineCore {
    /// The workflow is to end: at once where nothing is to be undone, else by a run that does nothing but undo.
    func cleanUp(_ run: Run, _ cleanUp: CleanUp, request: Int64?) async {
        let words =
            cleanUp.cause == .cancelled
            ? "its parent \(run.id) was cancelled" : "the time of its parent \(run.id) is over"
        // In this order, since a process may die between any two of them. Children that are asked twice end once, and a request
        // that is found again begins the same clean-up; one that was taken before would be lost.
        _ = self.writer.submit(.lineage(.cancelChildren(reason: words)), for: run.lane)
        defer { self.directory.notifier.post(.lineage) }
        if run.hasNothingToUndo, let row = cleanUp.outcome(at: self.now(), coder: self.coder) {
            await self.end(run, row)
            return
        }
        do {
            let record = try cleanUp.record(at: self.now(), coder: self.coder)
            // From here on nothing else is recorded: whatever takes the workflow up finds this row.
            guard self.writer.submit(.record(record), for: run.lane) != nil else { return }
            if let request { _ = self.writer.submit(.lineage(.cancellationTaken(upTo: request)), for: run.lane) }
        } catch {
            run.logger.error("run.clean_up_not_begun", metadata: ["error": "\(error)"])
            return
        }
        await self.release(
            run,
            ReleaseRow(
                state: .cancelling,
                runAt: self.now(),
                waitingFor: nil,
                reason: nil,
                error: cleanUp.error?.encode(by: self.coder)
            )
        )
        self.claims.ring()
    }
}

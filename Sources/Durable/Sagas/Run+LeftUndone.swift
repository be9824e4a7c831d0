// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization

/// What a run does whose code does not know what the workflow has recorded.
extension Run {
    /// Pauses the workflow, since its code does not match its history; or leaves the rest of it as it is, where it is to end in
    /// any case.
    func diverged(_ divergence: Divergence) -> WorkflowInterruption {
        self.lostItsWay(.diverged, DurableError(.diverged, divergence.message, workflow: self.id))
    }

    /// The same for whatever cannot be read.
    ///
    /// - Parameter place: What was recorded there cannot be used.
    func lostItsWay(_ reason: PauseReason, _ error: DurableError, at place: Place? = nil) -> WorkflowInterruption {
        guard self.plan.mayLeaveUndone else {
            var error = error
            if self.plan.cleanUp != nil {
                error.message += "; or cancel it once more: then it ends, and what this code cannot undo stays as it is"
            }
            return self.pause(reason, error)
        }
        self.state.withLock { $0.leftUndone.stop(at: place) }
        self.logger.notice("workflow.undone_in_part", metadata: ["error": "\(error)"])
        return WorkflowInterruption(.cancelled)
    }

    /// Whether what the code does now does not count.
    var hasLostItsWay: Bool { self.state.withLock { $0.leftUndone.isStopped } }

    /// The code has come to a call, and it is the recorded one.
    func followed(to place: Place) { self.state.withLock { $0.leftUndone.follow(to: place) } }

    /// The code has ended, or one undo has: undos that it knows may run.
    ///
    /// - Returns: Whether it could not follow what is recorded.
    @discardableResult
    func goOnAfterLosingItsWay() -> Bool {
        self.state.withLock { state in
            defer { state.leftUndone.goOn() }
            return state.leftUndone.isStopped
        }
    }

    /// How the workflow ends when its clean-up is over, whatever its code returned or threw; nil: as its code says.
    func outcomeOfCleanUp(at time: Int64) -> OutcomeRow? {
        guard var cleanUp = self.plan.cleanUp else { return nil }
        let (left, skipped) = self.state.withLock { ($0.leftUndone, $0.skipped) }
        // It had failed, and nobody can tell with what.
        if left.hasStopped, cleanUp.cause == .failed {
            cleanUp = CleanUp(.cancelled, reason: self.plan.cancellation?.reason)
        }
        let remark = left.remark(on: self.plan.history, skipping: skipped)
        if let remark { self.logger.warning("workflow.left_undone", metadata: ["remark": "\(remark)"]) }
        return cleanUp.outcome(at: time, remark: remark, coder: self.engine.coder)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Something that this process has done, as a ``WorkflowObserver`` is told of it.
///
/// New cases may be added in any release.
public enum WorkflowEvent: Sendable, Hashable {
    /// A workflow was started here, and its start is durable; `isNew` is false when its id had been started before.
    case started(StartCall, isNew: Bool)
    /// A run began.
    case runBegan(RunCall)
    /// A run ended.
    case runEnded(RunCall, Passage.End)
    /// An attempt began.
    case stepBegan(StepCall)
    /// The body of an attempt ended, after so long.
    case stepEnded(StepCall, Passage.End, after: Duration)
    /// A wait began.
    case waitBegan(WaitCall)
    /// A wait ended.
    case waitEnded(WaitCall, Passage.End)
    /// Children were started.
    case childrenStarted(ChildCall)
}

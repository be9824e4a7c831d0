// SPDX-License-Identifier: Apache-2.0

import Metrics

/// What is measured of the workflows of one name.
final class WorkflowMetrics: Sendable {
    /// How one ended, and how long that took.
    private struct End: Sendable {
        let count: Counter
        let duration: Timer

        init(_ workflow: String, _ outcome: WorkflowState, _ factory: any MetricsFactory) {
            self.count = factory.counter(.finished, workflow, outcome.rawValue)
            self.duration = factory.timer(.workflowDuration, workflow, outcome.rawValue)
        }
    }

    private let started: Counter
    private let resumed: Counter
    private let inputsChanged: Counter
    private let succeeded: End
    private let failed: End
    private let cancelled: End
    private let pauses: MetricHandlers<Counter>
    private let steps: MetricHandlers<StepMetrics>

    init(_ workflow: String, _ factory: any MetricsFactory) {
        self.started = factory.counter(.started, workflow)
        self.resumed = factory.counter(.resumed, workflow)
        self.inputsChanged = factory.counter(.inputsChanged, workflow)
        self.succeeded = End(workflow, .succeeded, factory)
        self.failed = End(workflow, .failed, factory)
        self.cancelled = End(workflow, .cancelled, factory)
        self.pauses = MetricHandlers { factory.counter(.paused, workflow, $0) }
        self.steps = MetricHandlers(limit: 200) { StepMetrics(workflow, $0, factory) }
    }

    func wasStarted() { self.started.increment() }

    func wasResumed() { self.resumed.increment() }

    func inputsHaveChanged() { self.inputsChanged.increment() }

    /// One has ended.
    ///
    /// - Parameter microseconds: How long after its start.
    func ended(_ state: WorkflowState, after microseconds: Int64) {
        let end =
            switch state {
            case .failed: self.failed
            case .cancelled: self.cancelled
            default: self.succeeded
            }
        end.count.increment()
        end.duration.recordMicroseconds(max(0, microseconds))
    }

    func paused(_ reason: PauseReason) { self.pauses[reason.rawValue].increment() }

    /// An attempt has ended that nobody has to repeat.
    func succeeded(_ record: JournalRecord) {
        self.steps[record.name].succeeded.recordNanoseconds(Self.nanoseconds(record))
    }

    /// An attempt has failed.
    func failed(_ record: JournalRecord, isRetried: Bool) {
        let step = self.steps[record.name]
        step.failed.recordNanoseconds(Self.nanoseconds(record))
        if isRetried { step.retries.increment() }
    }

    private static func nanoseconds(_ record: JournalRecord) -> Int64 {
        Int64(exactly: (Double(record.seconds ?? 0) * 1_000_000_000).rounded()) ?? 0
    }
}

// SPDX-License-Identifier: Apache-2.0

import Metrics

/// What an engine measures, with handlers that are made once.
///
/// There is none where nobody collects metrics: then each place costs one look at nil.
final class EngineMetrics: Sendable {
    private let factory: any MetricsFactory
    /// The workflows that the engine offers: known before it runs, and read without a lock.
    private let offered: [String: WorkflowMetrics]
    /// Workflows of other processes, which this one only starts.
    private let others: MetricHandlers<WorkflowMetrics>
    let inMemory: Gauge
    let journal: JournalMetrics
    private let leaseLapsed: Counter
    private let leaseLost: Counter
    private let recoveredExecutors: Counter
    private let recoveredWorkflows: Counter
    private let eventsDropped: Counter
    let queues: MetricHandlers<QueueMetrics>

    /// Nil when nobody collects metrics.
    init?(_ factory: any MetricsFactory, offering names: [String]) {
        if factory is NOOPMetricsHandler { return nil }
        self.factory = factory
        self.offered = Dictionary(
            names.map { ($0, WorkflowMetrics($0, factory)) },
            uniquingKeysWith: { first, _ in first }
        )
        self.others = MetricHandlers { WorkflowMetrics($0, factory) }
        self.inMemory = factory.gauge(.inMemory)
        self.journal = JournalMetrics(factory)
        self.leaseLapsed = factory.counter(.leaseLapsed)
        self.leaseLost = factory.counter(.leaseLost)
        self.recoveredExecutors = factory.counter(.recoveredExecutors)
        self.recoveredWorkflows = factory.counter(.recoveredWorkflows)
        self.eventsDropped = factory.counter(.eventsDropped)
        self.queues = MetricHandlers { QueueMetrics($0, factory) }
    }

    subscript(workflow: String) -> WorkflowMetrics { self.offered[workflow] ?? self.others[workflow] }

    func leaseHasLapsed() { self.leaseLapsed.increment() }

    func eventWasDropped() { self.eventsDropped.increment() }

    func leaseWasLost() { self.leaseLost.increment() }

    /// A sweep has taken over from the dead.
    func recovered(_ report: SweepReport) {
        if !report.takenOver.isEmpty { self.recoveredExecutors.increment(by: report.takenOver.count) }
        if report.freed > 0 { self.recoveredWorkflows.increment(by: report.freed) }
    }
}

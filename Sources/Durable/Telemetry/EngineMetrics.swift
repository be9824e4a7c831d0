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

/// What is measured of the journal writer.
package struct JournalMetrics: Sendable {
    let rows: Recorder
    let flush: Timer

    init(_ factory: any MetricsFactory) {
        self.rows = factory.recorder(.batchRows)
        self.flush = factory.timer(.flush)
    }

    /// A batch was acknowledged.
    func committed(_ rows: Int, since sent: ContinuousClock.Instant) {
        self.rows.record(rows)
        self.flush.recordMicroseconds(Int64((ContinuousClock.now - sent) / .microseconds(1)))
    }
}

/// What is measured of the workflows that wait for a process.
struct QueueMetrics: Sendable {
    let depth: Gauge
    let age: Gauge

    init(_ workflow: String, _ factory: any MetricsFactory) {
        self.depth = factory.gauge(.queueDepth, workflow)
        self.age = factory.gauge(.queueAge, workflow)
    }
}

extension MetricsFactory {
    func counter(_ name: MetricName, _ values: String...) -> Counter {
        Counter(label: name.rawValue, dimensions: Array(zip(name.dimensions, values)), factory: self)
    }

    func timer(_ name: MetricName, _ values: String...) -> Timer {
        Timer(label: name.rawValue, dimensions: Array(zip(name.dimensions, values)), factory: self)
    }

    func recorder(_ name: MetricName, _ values: String...) -> Recorder {
        Recorder(
            label: name.rawValue,
            dimensions: Array(zip(name.dimensions, values)),
            aggregate: true,
            factory: self
        )
    }

    func gauge(_ name: MetricName, _ values: String...) -> Gauge {
        Gauge(label: name.rawValue, dimensions: Array(zip(name.dimensions, values)), factory: self)
    }
}

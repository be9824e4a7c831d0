// SPDX-License-Identifier: Apache-2.0

/// What an engine measures; the article on observability lists the same names, and a test compares the two.
///
/// Labels are names that stand in code, never ids: their number is bounded by the program.
package enum MetricName: String, CaseIterable, Sendable {
    case started = "durable.workflow.started"
    case resumed = "durable.workflow.resumed"
    case finished = "durable.workflow.finished"
    case workflowDuration = "durable.workflow.duration"
    case paused = "durable.workflow.paused"
    case inMemory = "durable.workflow.in_memory"
    case stepDuration = "durable.step.duration"
    case stepRetries = "durable.step.retries"
    case inputsChanged = "durable.step.inputs_changed"
    case batchRows = "durable.journal.batch_rows"
    case flush = "durable.journal.flush"
    case queueDepth = "durable.queue.depth"
    case queueAge = "durable.queue.age"
    case leaseLapsed = "durable.lease.lapsed"
    case leaseLost = "durable.lease.lost"
    case recoveredExecutors = "durable.recovery.executors"
    case recoveredWorkflows = "durable.recovery.workflows"
    case eventsDropped = "durable.observer.dropped"

    /// How its values are to be read.
    package enum Kind: String, Sendable {
        /// Only grows.
        case counter
        /// Durations.
        case timer
        /// Values that are summed up by their distribution.
        case recorder
        /// The last value counts.
        case gauge
    }

    /// How its values are to be read.
    package var kind: Kind {
        switch self {
        case .started, .resumed, .finished, .paused, .stepRetries, .inputsChanged, .leaseLapsed, .leaseLost,
            .recoveredExecutors, .recoveredWorkflows, .eventsDropped:
            .counter
        case .workflowDuration, .stepDuration, .flush: .timer
        case .batchRows: .recorder
        case .inMemory, .queueDepth, .queueAge: .gauge
        }
    }

    /// The names of its labels, in their order.
    package var dimensions: [String] {
        switch self {
        case .started, .resumed, .inputsChanged, .queueDepth, .queueAge: ["workflow"]
        case .finished, .workflowDuration: ["workflow", "outcome"]
        case .paused: ["workflow", "reason"]
        case .stepDuration: ["workflow", "step", "outcome"]
        case .stepRetries: ["workflow", "step"]
        case .inMemory, .batchRows, .flush, .leaseLapsed, .leaseLost, .recoveredExecutors, .recoveredWorkflows,
            .eventsDropped:
            []
        }
    }
}

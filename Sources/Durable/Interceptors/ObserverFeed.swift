// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization

/// Hands events to observers, each in a task of its own, without ever waiting for one.
final class ObserverFeed: Sendable {
    /// How many events are kept for an observer that is busy.
    static let capacity = 1_024

    private struct Line: Sendable {
        let events: AsyncStream<WorkflowEvent>.Continuation
        let task: Task<Void, Never>
    }

    private let lines: [Line]
    private let logger: Logger
    private let metrics: EngineMetrics?
    private let hasDropped = Atomic(false)

    init(_ observers: [any WorkflowObserver], logger: Logger, metrics: EngineMetrics?) {
        self.logger = logger
        self.metrics = metrics
        self.lines = observers.map { observer in
            let (stream, events) = AsyncStream.makeStream(
                of: WorkflowEvent.self,
                bufferingPolicy: .bufferingOldest(Self.capacity)
            )
            let task = Task.detached {
                for await event in stream {
                    do {
                        try await observer.observe(event)
                    } catch {
                        logger.warning(
                            "observer.failed",
                            metadata: ["observer": "\(type(of: observer))", "error.type": "\(type(of: error))"]
                        )
                    }
                }
            }
            return Line(events: events, task: task)
        }
    }

    /// Whether there is nobody to tell.
    var isEmpty: Bool { self.lines.isEmpty }

    /// Tells every observer, or drops the event where one has too many left.
    func tell(_ event: WorkflowEvent) {
        for line in self.lines {
            guard case .dropped = line.events.yield(event) else { continue }
            self.metrics?.eventWasDropped()
            if self.hasDropped.exchange(true, ordering: .relaxed) == false {
                self.logger.warning(
                    "observer.behind",
                    metadata: ["hint": "an observer is slower than what it is told of, and misses events"]
                )
            }
        }
    }

    /// Lets observers end with what they have been told, for a short while; then they are cancelled.
    func close() async {
        for line in self.lines { line.events.finish() }
        let tasks = self.lines.map { $0.task }
        let areDone = await Backoff.finishes(within: .seconds(1)) { for task in tasks { await task.value } }
        if !areDone { for task in tasks { task.cancel() } }
    }
}

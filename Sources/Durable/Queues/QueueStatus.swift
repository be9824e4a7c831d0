// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// How a queue stands: a row of the view `durable.queues`.
public struct QueueStatus: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// How many of its workflows are due and wait for a process to take them.
    public let queued: Int
    /// How many are to start later.
    public let delayed: Int
    /// How many a process runs, or holds in memory through a short wait: the slots that are taken.
    public let running: Int
    /// How many are parked; they hold no slot.
    public let waiting: Int
    /// How many are paused; they hold no slot.
    public let paused: Int
    /// How many may run at once in all processes together; nil: any number.
    public let concurrency: Int?
    /// How many may run at once in each process; nil: any number.
    public let concurrencyPerProcess: Int?
    /// Since when the one that has waited longest has been due; nil when none waits.
    public let oldestDueAt: Date?
}

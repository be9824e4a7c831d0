// SPDX-License-Identifier: Apache-2.0

/// What a clock sees of its database.
struct ClockSight: Sendable {
    /// How many workflows go on without time being moved.
    var busy: Int
    /// The next time that a workflow waits for, in microseconds since 2000-01-01.
    var next: Int64?
    /// The database's time.
    var now: Int64
    /// How many rows the journal has.
    var recorded: Int

    /// Whether nothing happens unless time is moved, or somebody outside does something.
    var isIdle: Bool { self.busy == 0 }

    /// Changes whenever something has happened.
    var progress: [Int64] { [Int64(self.busy), self.next ?? 0, Int64(self.recorded)] }
}

// SPDX-License-Identifier: Apache-2.0

/// How much is measured.
struct BenchSize: Sendable {
    /// How often the cells are measured; the medians count.
    var rounds = 5
    /// How long each of them takes, about.
    var seconds = 2.0
    /// How many finished workflows the tables hold for `growth`.
    var finished = 10_000_000
    /// How many finished workflows the tables hold for `inspect`.
    var ended = 1_000_000
    /// How many workflows a dead process leaves behind for `recovery`.
    var pending = 100_000
    /// How many workflows are enqueued in one call and drained.
    var enqueued = 100_000
    /// How many workflows are woken one after the other.
    var wakes = 500
    /// How many workflows sleep, and how many of them come due at once.
    var sleepers = 1_000_000
    var due = 50_000
    /// How many children one workflow has.
    var children = 10_000
    /// How long an engine with nothing to do is watched.
    var idleSeconds = 20.0
    /// How many workflows are in memory at once where memory is measured.
    var inMemory = 9_000
    /// The interpreter of a virtual environment that has the peers' libraries, and the folder of their loads.
    var peers: Peers?

    struct Peers: Sendable {
        let python: String
        let folder: String
    }

    /// Enough to see that every scenario still works; its figures mean nothing.
    static let smoke = BenchSize(
        rounds: 1,
        seconds: 0.1,
        finished: 2_000,
        ended: 2_000,
        pending: 300,
        enqueued: 500,
        wakes: 5,
        sleepers: 2_000,
        due: 200,
        children: 50,
        idleSeconds: 0.5,
        inMemory: 100
    )
}

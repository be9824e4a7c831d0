// SPDX-License-Identifier: Apache-2.0

extension Floor {
    /// All of them.
    static let table = [
        Floor("ratio.sequential_to_pgbench", .atLeast(0.95)),
        Floor("steps.1000", .atLeast(40_000)),
        Floor("ratio.ten_steps_to_bulk", .atLeast(0.4)),
        Floor("ratio.steps_to_bulk", .atLeast(0.6)),
        Floor("client.us_per_step", .atMost(8)),
        Floor("workflows.one_step", .atLeast(20_000)),
        Floor("workflows.ten_steps", .atLeast(7_000)),
        Floor("drain.enqueued", .atLeast(40_000)),
        Floor("drain.drained", .atLeast(10_000)),
        Floor("ratio.transaction_1", .atMost(1.15)),
        Floor("ratio.transaction_many", .atMost(1.15)),
        Floor("recovery.first", .atMost(1)),
        Floor("recovery.all", .atMost(20)),
        Floor("wake.p50", .atMost(5)),
        Floor("wake.p99", .atMost(50)),
        Floor("sleepers.memory", .atMost(8)),
        Floor("sleepers.start", .atMost(0.5)),
        Floor("sleepers.wakes", .atLeast(5_000)),
        Floor("fanout.children", .atLeast(1_000)),
        Floor("fanout.wakes", .atMost(1)),
        Floor("fanout.rows", .atMost(8)),
        Floor("growth.steps_ratio", .atLeast(0.9)),
        Floor("growth.workflows_ratio", .atLeast(0.9)),
        Floor("inspect.lists", .atMost(200)),
        Floor("inspect.explanations", .atMost(20)),
        Floor("cost.wal_step", .atMost(340)),
        Floor("cost.wal_one_step", .atMost(1_250)),
        Floor("cost.wal_ten_steps", .atMost(4_400)),
        Floor("cost.idle", .atMost(1)),
        Floor("ratio.steps_to_replay", .atLeast(4)),
        Floor("ratio.steps_to_sdk", .atLeast(50)),
        Floor("ratio.one_step_to_sdk", .atLeast(30)),
        Floor("ratio.drained_to_sdk", .atLeast(30)),
    ]

    /// What every run must reach, also without `--check`: below these something is broken.
    static let kernel = [
        Floor("ratio.sequential_to_pgbench", .atLeast(0.9)),
        Floor("steps.1000", .atLeast(40_000)),
        Floor("ratio.ten_steps_to_bulk", .atLeast(0.4)),
    ]

    /// The floor of a figure, if it has one.
    static func of(_ figure: Figure, among floors: [Floor] = Floor.table) -> Floor? {
        floors.first { $0.figure == figure.name }
    }

    /// Words for each figure on the wrong side of one of these floors.
    static func missed(by figures: Figures, of floors: [Floor] = Floor.table) -> [String] {
        figures.all.compactMap { figure in
            guard let floor = self.of(figure, among: floors), !floor.isMet(by: figure) else { return nil }
            let seen = NumberText.short(figure.median, figure.unit)
            return "\(figure.name): \(figure.words): \(seen), not \(floor.words(figure.unit))"
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What the rounds came to.
///
/// The speed of a machine drifts from minute to minute, so ratios are taken within a round, and their median counts.
struct Figures {
    /// One round: everything measured once, in turn.
    struct Round {
        /// Commits a second of `pgbench -c 1`.
        var pgbench: Double
        /// Rows a second of the bulk insert.
        var bulk: Double
        /// Steps a second of one workflow.
        var sequential: Double
        /// Steps a second of 1,000 concurrent workflows of 10 steps.
        var concurrent: Double
    }

    /// The least that is acceptable.
    enum Floor {
        static let sequentialRatio = 0.9
        static let concurrent = 40_000.0
        static let concurrentRatio = 0.4
    }

    var rounds: [Round]

    var sequentialRatio: Double { self.median { $0.sequential / $0.pgbench } }
    var concurrent: Double { self.median(\.concurrent) }
    var concurrentRatio: Double { self.median { $0.concurrent / $0.bulk } }

    /// Words for each floor that was not reached.
    var missedFloors: [String] {
        var missed: [String] = []
        if self.sequentialRatio < Floor.sequentialRatio {
            missed.append(
                "sequential steps are \(Self.text(self.sequentialRatio)) of pgbench -c 1, not \(Floor.sequentialRatio)"
            )
        }
        if self.concurrent < Floor.concurrent {
            missed.append("1,000 workflows make \(Int(self.concurrent)) steps/s, not \(Int(Floor.concurrent))")
        }
        if self.concurrentRatio < Floor.concurrentRatio {
            missed.append(
                "1,000 workflows are \(Self.text(self.concurrentRatio)) of the bulk insert, not \(Floor.concurrentRatio)"
            )
        }
        return missed
    }

    /// One line for machines.
    var json: String {
        """
        {"sequential_ratio":\(Self.text(self.sequentialRatio)),"steps_per_second_1000":\(Int(self.concurrent)),\
        "pgbench_1":\(Int(self.median(\.pgbench))),"bulk_ceiling":\(Int(self.median(\.bulk))),\
        "sequential_steps_per_second":\(Int(self.median(\.sequential))),"bulk_ratio":\(Self.text(self.concurrentRatio)),\
        "rounds":\(self.rounds.count)}
        """
    }

    private func median(_ figure: (Round) -> Double) -> Double {
        let sorted = self.rounds.map(figure).sorted()
        guard let middle = sorted.dropFirst(sorted.count / 2).first else { return 0 }
        return sorted.count % 2 == 1 ? middle : (sorted[sorted.count / 2 - 1] + middle) / 2
    }

    private static func text(_ ratio: Double) -> String { String(format: "%.3f", ratio) }
}

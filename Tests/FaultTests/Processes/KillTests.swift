// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension FaultTests {
    /// SIGKILL at every durable point of a workflow, before the commit and between commit and reply.
    @Suite struct KillTests {
        @Test func `whatever point the process is killed at, the workflow ends as if nothing had happened`()
            async throws
        {
            let undisturbed = try await MatrixRun.undisturbed(after: nil)
            // How often it is looked for work, and claimed in vain, depends on how long everything takes.
            let kinds = undisturbed.kinds.filter { $0.key != "claim" && $0.key != "look" }
            try #require(kinds == Self.points, "the trace of an undisturbed run has changed")
            try await Self.killEverywhere(undisturbed)
        }

        @Test func `whatever point the process is killed at while it recovers, the next one ends the workflow`()
            async throws
        {
            // The first process dies with a transaction open.
            let first = Kill(moment: "before", point: "transaction.commit#1")
            let recovery = try await MatrixRun.undisturbed(after: first)
            // How often an empty claim is tried depends on when the sweep has freed something.
            let kinds = recovery.kinds.filter { $0.key != "claim" && $0.key != "look" }
            try #require(kinds == Self.recoveryPoints, "the trace of an undisturbed recovery has changed")
            #expect(recovery.points.count { $0.hasPrefix("claim") } <= 2, "somebody claims without an end")
            try await Self.killEverywhere(recovery)
        }

        private static func killEverywhere(_ undisturbed: MatrixRun) async throws {
            // Whether there is a second claim depends on when the first one came.
            let points = undisturbed.points.filter { point in
                point.hasSuffix("#1") || !(point.hasPrefix("claim#") || point.hasPrefix("look#"))
            }
            let kills = points.flatMap { point in ["before", "after"].map { Kill(moment: $0, point: point) } }
            let began = ContinuousClock.now
            let deaths = try await concurrently(kills, 4) { try await undisturbed.killed($0) }
            print("\(points.count) points, \(deaths.count) kills in \(ContinuousClock.now - began)")
            #expect(deaths == Array(repeating: SIGKILL, count: points.count * 2))
        }

        /// The pipelines that write, in an undisturbed run.
        ///
        /// The records: reserve, the first attempt of charge, charge, left, right, right-again, the join, fast, the
        /// race's join, pack, the sleep's wake-up time, its end, send.
        private static let points = [
            "register": 1, "sweep": 1, "batch(start)": 1, "batch(record)": 13, "transaction.begin": 3,
            "transaction.commit": 3, "batch(outcome)": 1,
        ]

        /// The same after reserve, and charge twice, were recorded: by name, and in the sweep, the dead process is taken over;
        /// the first effect waits for a commit that began after the claim.
        private static let recoveryPoints = [
            "register": 1, "take_over": 2, "sweep": 1, "free": 1, "batch(commit)": 1, "batch(record)": 10,
            "transaction.begin": 3, "transaction.commit": 3, "batch(outcome)": 1,
        ]
    }
}

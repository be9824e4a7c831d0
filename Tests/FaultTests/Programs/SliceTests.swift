// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FaultSuite

extension FaultTests {
    /// A short slice of `Scripts/faults`, with another seed each time.
    @Suite("A slice of the fault suite", .timeLimit(.minutes(5)))
    struct SliceTests {
        @Test(arguments: [
            [NemesisName.kill, .cutReply], [.stop, .terminate], [.immediateRestart, .drain],
            [.blackHole, .twoVersions], [.failover, .oneConnection], [.restore, .dropListen],
        ])
        func `nothing is found in programs under fire`(_ nemeses: [NemesisName]) async throws {
            let seed = UInt64.random(in: 0 ... .max)
            let plan = RoundPlan(seed: seed, nemeses: nemeses, programs: 8)
            let result = try await Round(plan: plan, folder: FaultSuite.Suite.folder()).run()
            #expect(
                result.violations.isEmpty,
                "again: Scripts/faults --exactly --seed \(seed) --nemeses \(nemeses.map(\.rawValue)) --programs 8 --round 8"
            )
            #expect(result.programs == 8)
            #expect(result.strikes.values.reduce(0, +) > 0)
        }
    }
}

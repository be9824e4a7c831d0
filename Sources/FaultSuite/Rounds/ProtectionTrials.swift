// SPDX-License-Identifier: Apache-2.0

import Durable
import FaultProcesses

/// The suite once per protection, with that one switched off, until it finds a violation: who finds nothing then proves nothing.
struct ProtectionTrials: Sendable {
    let seed: UInt64
    let protections: [Protection]
    let nemeses: [NemesisName]
    /// Within how many programs each has to be missed.
    let programs: Int
    let programsOfRound: Int
    /// After how long no further round of one is begun.
    let limit: Duration
    var abreast = 1

    /// Tries one after the other.
    func run() async throws -> ProtectionReport {
        var report = ProtectionReport(seed: self.seed)
        var random = SplitMix(seed: self.seed)
        for protection in self.protections {
            var suite = Suite(
                seed: random.next(),
                nemeses: self.nemeses,
                programs: self.programs,
                leastStrikes: 0,
                programsOfRound: self.programsOfRound,
                limit: self.limit,
                off: [protection]
            )
            suite.abreast = self.abreast
            suite.shrinkingLimit = .zero
            suite.say = { System.write("without \(protection.rawValue): \($0)", to: 1) }
            let began = ContinuousClock.now
            report.add(protection, try await suite.run(), in: ContinuousClock.now - began)
        }
        return report
    }
}

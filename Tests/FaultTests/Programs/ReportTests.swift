// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation
import Testing

@testable import FaultSuite

/// What a report makes of what was tried and found.
@Suite("Reports of the fault suite")
struct ReportTests {
    @Test
    func `a run that has tried enough and found nothing passes`() throws {
        let report = Self.report()
        #expect(report.shortcomings.isEmpty)
        #expect(report.status == 0)
        let fields = try #require(
            try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any]
        )
        #expect(fields["programs"] as? Int == 2_000)
        #expect((fields["strikes"] as? [String: Int])?["kill"] == 100)
        #expect(!report.json.contains("\n"))
    }

    @Test
    func `too few programs, strikes or uses of an operator fail it`() {
        var report = Self.report()
        report.programs = 1_999
        #expect(report.shortcomings == ["1999 programs of 2000"])
        #expect(report.status == 1)
        report = Self.report()
        report.strikes[.failover] = 99
        #expect(report.shortcomings == ["99 strikes of 100 by failover"])
        #expect(report.status == 1)
        report = Self.report()
        report.operators[.race] = 99
        #expect(report.shortcomings == ["race in 99 of 2000 programs"])
        #expect(report.status == 1)
        report = Self.report()
        report.spoiled = 3
        #expect(report.shortcomings == ["3 rounds beside 50 could not be held"])
        #expect(report.status == 1)
    }

    @Test
    func `a nemesis that could not be run is no pass, and no failure of the engine`() {
        var report = Self.report()
        report.notRun[.bouncer] = "PgBouncer is not installed"
        report.strikes[.bouncer] = nil
        #expect(report.status == 3)
        #expect(report.table.contains("not run: PgBouncer is not installed"))
        report.violations = [Violation(invariant: "one outcome", workflow: "p", words: "two")]
        #expect(report.status == 1)
        #expect(report.table.contains("violations: 1"))
    }

    @Test
    func `a protection that is not missed fails the trials, and trouble of the suite does not count as missing it`() {
        var trials = ProtectionReport(seed: 1)
        var report = Self.report()
        report.violations = [
            Violation(invariant: Strikes.invariant, workflow: nil, words: "kill: no"),
            Violation(invariant: OneOutcome.name, workflow: "p", words: "two"),
        ]
        trials.add(.fence, report, in: .seconds(7))
        #expect(trials.status == 0)
        #expect(trials.table.contains("fence             2000      7        1, first one outcome: p: two"))
        report.violations.removeLast()
        trials.add(.barrier, report, in: .seconds(8))
        #expect(trials.status == 1)
        #expect(trials.notMissed == [.barrier])
        #expect(trials.table.hasSuffix("not missed: barrier"))
        #expect(trials.json.contains("\"notMissed\":[\"barrier\"]"))
    }

    /// Of a run that has tried just enough.
    private static func report() -> Report {
        var report = Report(seed: 1, nemeses: NemesisName.allCases)
        report.leastPrograms = 2_000
        report.leastStrikes = 100
        report.rounds = 50
        report.programs = 2_000
        for used in Operator.allCases { report.operators[used] = 100 }
        for name in NemesisName.allCases { report.strikes[name] = 100 }
        return report
    }
}

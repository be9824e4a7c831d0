// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq
import Testing

extension FaultTests {
    /// User code that blocks every thread of the pool.
    @Suite struct BlockedThreadsTests {
        @Test func `64 steps that block their threads for three leases lose none`() async throws {
            try await FaultFixture.run { fixture in
                let trace = "\(fixture.folder)/trace"
                let worker = try fixture.worker(["name": "blocked", "lease": "1500", "trace": trace])
                // Would take over at the first chance.
                let rival = try fixture.worker(["name": "rival", "lease": "1500", "poll": "100", "room": "1"])
                try await worker.hear("ready")
                try await rival.hear("ready")
                worker.say("start blocking 4500-m")
                try await worker.hear("blocked")
                var looks = 0
                try await wait("the threads are unblocked") {
                    let row = try await fixture.sql(
                        """
                        SELECT l.expires_at > durable.clock(), e.epoch
                        FROM durable.executor AS e JOIN durable.lease AS l ON l.executor = e.number
                        WHERE e.pid = \(worker.pid)
                        """
                    ).first
                    let (isValid, epoch) = try #require(row, "the lease is gone").decode((Bool, Int32).self)
                    #expect(isValid && epoch == 1, "valid: \(isValid), epoch \(epoch)")
                    looks += 1
                    return worker.lines.contains("unblocked") ? nil : worker.report
                }
                let lines = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
                let renewals = lines.count { $0.hasPrefix("completed renew#") }
                try await worker.hear("result 4500-m 64")
                print("looked \(looks) times, \(renewals) renewals")
                // One every third of a lease, in four and a half seconds.
                #expect(renewals >= 7)
                #expect(
                    try await fixture.count(
                        "durable.executor WHERE name = 'blocked' AND epoch = 1 AND fenced_at IS NULL"
                    ) == 1
                )
                #expect(try await fixture.count("durable.executor") == 2)
                #expect(
                    !worker.lines.contains { $0.contains("lease_lapsed") || $0.contains("superseded") },
                    "\(worker.report)"
                )
                #expect(!rival.lines.contains { $0.contains("took_over") }, "\(rival.report)")
                let begun = fixture.effects.filter(\.isBeginning).map(\.place)
                #expect(begun.count == 64 && Set(begun).count == 64)
                #expect(fixture.effects.allSatisfy { $0.pid == worker.pid })
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Durable

@Suite struct DatabaseTimeTests {
    private func words(_ body: () throws -> Void) -> String? {
        let error = #expect(throws: DurableError.self) { try body() }
        #expect(error?.code == .invalidArgument)
        return error?.message
    }

    @Test func `times and dates are converted both ways, to the microsecond`() {
        #expect(DatabaseTime.date(0) == Date(timeIntervalSince1970: 946_684_800))
        #expect(DatabaseTime.microseconds(Date(timeIntervalSince1970: 0)) == -946_684_800_000_000)
        var random = SplitMix64(state: 2)
        for _ in 0..<10_000 {
            let time = Int64(random.next() % 4_000_000_000_000_000) - 1_000_000_000_000_000
            #expect(DatabaseTime.microseconds(DatabaseTime.date(time)) == time)
        }
    }

    @Test func `what lies beyond the calendar of Postgres ends at its edge`() {
        let range = DatabaseTime.range
        for interval in [Double.infinity, 1e300, 1e14] {
            #expect(DatabaseTime.microseconds(Date(timeIntervalSinceReferenceDate: interval)) == range.upperBound)
            #expect(DatabaseTime.microseconds(Date(timeIntervalSinceReferenceDate: -interval)) == range.lowerBound)
        }
        #expect(DatabaseTime.microseconds(Date(timeIntervalSinceReferenceDate: .nan)) == range.lowerBound)
        #expect(DatabaseTime.adding(.seconds(Int64.max), to: 0) == range.upperBound)
        #expect(DatabaseTime.adding(.seconds(Int64.min), to: 0) == range.lowerBound)
        #expect(DatabaseTime.adding(.seconds(1), to: .max) == range.upperBound)
        #expect(DatabaseTime.adding(.milliseconds(1500), to: 7) == 1_500_007)
        _ = DatabaseTime.date(.min)
        _ = DatabaseTime.date(.max)
    }

    @Test func `durations become microseconds without overflow`() {
        #expect(Duration.seconds(Int64.max).inMicroseconds == .max)
        #expect(Duration.seconds(Int64.min).inMicroseconds == .min)
        #expect(Duration.nanoseconds(1_999).inMicroseconds == 1)
        #expect(Duration.milliseconds(-1).inMicroseconds == -1000)
        #expect(Duration.microseconds(due: .max, now: .min) == .microseconds(Int64.max))
        #expect(Duration.microseconds(due: 1, now: 2) == .zero)
    }

    @Test func `a duration is neither negative nor longer than 100 years`() throws {
        #expect(try DatabaseTime.due(after: .seconds(2), now: 5, as: "the sleep") == 2_000_005)
        #expect(try DatabaseTime.due(after: .longest, now: 0, as: "the sleep") == 3_155_760_000_000_000)
        #expect(
            self.words { _ = try DatabaseTime.due(after: .seconds(-1), now: 0, as: "the sleep") }
                == "The duration of the sleep is negative (-1.0 seconds)."
        )
        #expect(
            self.words { try DatabaseTime.check(.longest + .nanoseconds(1), as: "the timeout of step charge") }?
                .hasPrefix("The duration of the timeout of step charge is more than 100 years (") == true
        )
    }

    @Test func `a date may have passed, and is finite and within 100 years`() throws {
        #expect(try DatabaseTime.due(at: Date(timeIntervalSince1970: 0), now: 0, as: "x") == -946_684_800_000_000)
        #expect(try DatabaseTime.due(at: .distantPast, now: 0, as: "x") < 0)
        for interval in [Double.nan, .infinity, -.infinity] {
            let date = Date(timeIntervalSinceReferenceDate: interval)
            #expect(
                self.words { _ = try DatabaseTime.due(at: date, now: 0, as: "the sleep") }
                    == "The date of the sleep is not finite (\(interval))."
            )
        }
        #expect(
            self.words { _ = try DatabaseTime.due(at: .distantFuture, now: 0, as: "the sleep") }
                == "The date of the sleep is more than 100 years from now."
        )
    }
}

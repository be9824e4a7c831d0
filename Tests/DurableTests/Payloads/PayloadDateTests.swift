// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Durable

@Suite struct PayloadDateTests {
    private func bits(_ interval: Double) throws -> UInt64 {
        try PayloadCoderTests.roundTrip([Date(timeIntervalSinceReferenceDate: interval)])[0]
            .timeIntervalSinceReferenceDate.bitPattern
    }

    @Test(arguments: [
        (0, "2001-01-01T00:00:00Z"), (-1, "2000-12-31T23:59:59Z"), (-0.25, "2000-12-31T23:59:59.75Z"),
        (0.5, "2001-01-01T00:00:00.5Z"), (725_760_000, "2024-01-01T00:00:00Z"),
        (730_943_999.999, "2024-02-29T23:59:59.999Z"),
        (-978_307_200, "1970-01-01T00:00:00Z"), (-63_113_904_000, "0001-01-01T00:00:00Z"),
        (252_423_993_599, "9999-12-31T23:59:59Z"), (-0.001, "2000-12-31T23:59:59.999Z"),
        (-1.1, "2000-12-31T23:59:58.9Z"),
    ])
    func `dates are ISO 8601 in UTC`(interval: Double, text: String) {
        let date = Date(timeIntervalSinceReferenceDate: interval)
        #expect(PayloadDate.text(date) == text)
        #expect(PayloadDate.date(text) == date)
    }

    @Test func `dates come back bit by bit`() throws {
        var random = SplitMix64(state: 7)
        for _ in 0..<5000 {
            let scale = [1.0, 1e3, 1e9, 1e11][Int(random.next() % 4)]
            let interval = (Double(random.next() >> 11) * 0x1p-52 - 1) * scale
            #expect(try self.bits(interval) == interval.bitPattern)
        }
        for interval in [
            0, -0.0, 1e-9, -1e-300, 1e300, .greatestFiniteMagnitude, -63_113_904_001, 252_423_993_600,
            .leastNonzeroMagnitude,
        ] {
            #expect(try self.bits(interval) == interval.bitPattern)
        }
        let now = Date()
        #expect(try PayloadCoderTests.roundTrip(now) == now)
        #expect(try PayloadCoderTests.roundTrip(Date.distantPast) == .distantPast)
        #expect(try PayloadCoderTests.roundTrip(Date.distantFuture) == .distantFuture)
    }

    @Test func `the calendar agrees with Foundation's`() throws {
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = .gmt
        for day in stride(from: -150_000, through: 2_900_000, by: 997) {
            let date = Date(timeIntervalSinceReferenceDate: Double(day) * 86_400)
            let parts = calendar.dateComponents([.year, .month, .day], from: date)
            guard day > -150_000, let year = parts.year, year > 1600, year <= 9999 else { continue }
            let text = String(format: "%04d-%02d-%02dT00:00:00Z", year, parts.month ?? 0, parts.day ?? 0)
            #expect(PayloadDate.text(date) == text)
        }
    }

    @Test(arguments: [
        "", "2024-01-01", "2024-13-01T00:00:00Z", "2023-02-29T00:00:00Z", "2024-01-01T24:00:00Z",
        "2024-01-01T00:00:00+01:00",
        "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00,5Z", "2024-01-01T00:00:0éZ", "+024-01-01T00:00:00Z",
    ])
    func `anything else is no date`(text: String) {
        #expect(PayloadDate.date(text) == nil)
    }
}

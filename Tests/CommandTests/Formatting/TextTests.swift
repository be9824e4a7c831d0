// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq
import Testing

@testable import DurableCommand

@Suite struct TextTests {
    @Test func `nothing that a terminal obeys is left in a text`() {
        let text = Printable.text("a\u{1B}[2J\r\n\tb\u{9B}1m\u{7F}\u{202E}\u{2066}\u{2028}c\u{0}é日")
        #expect(text == "a\\u{1b}[2J\\r\\n\\tb\\u{9b}1m\\u{7f}\\u{202e}\\u{2066}\\u{2028}c\\u{0}é日")
        #expect(Printable.text("plain — text") == "plain — text")
    }

    @Test func `a record is one line of JSON that says the same`() throws {
        let text = "q\"b\\n\n\u{1B}\u{9B}\u{202E}é日👩‍👧\u{0}"
        let record = Record([
            ("text", .text(text)), ("number", .integer(-7)), ("real", .real(0.1)), ("none", .null),
            ("flag", .flag(true)),
            ("time", .time(PostgresTimestamp(microseconds: 0))),
            ("json", .json("{ \"a b\" : [1,\n 2], \"c\\\" \": \"\t\" }")),
        ])
        let line = JSONLine.of(record)
        #expect(!line.unicodeScalars.contains { !Printable.isHarmless($0) })
        #expect(line.hasSuffix("\"json\":{\"a b\":[1,2],\"c\\\" \":\"\\u0009\"}}"))
        let back = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(back["text"] as? String == text)
        #expect(back["number"] as? Int == -7)
        #expect(back["real"] as? Double == 0.1)
        #expect(back["none"] is NSNull)
        #expect(back["time"] as? String == "2000-01-01T00:00:00.000000Z")
    }

    @Test func `times are those of the calendar`() {
        func time(_ seconds: Int64, _ micros: Int64 = 0) -> PostgresTimestamp {
            PostgresTimestamp(microseconds: seconds * 1_000_000 + micros)
        }
        #expect(Moment.iso(time(0)) == "2000-01-01T00:00:00.000000Z")
        #expect(Moment.iso(time(-1, 999_999)) == "1999-12-31T23:59:59.999999Z")
        #expect(Moment.absolute(time(59 * 86_400 + 3661)) == "2000-02-29 01:01:01")
        #expect(Moment.absolute(time(823_219_507)) == "2026-02-01 00:05:07")
        #expect(Moment.iso(.infinity) == "infinity")
        #expect(Moment.timeOfDay(time(3661, 5_999)) == "01:01:01.005")
    }

    @Test func `times are told relative to the clock`() {
        let now = PostgresTimestamp(microseconds: 1_000_000_000_000)
        func relative(_ seconds: Int64) -> String {
            Moment.relative(PostgresTimestamp(microseconds: now.microseconds + seconds * 1_000_000), to: now)
        }
        #expect(relative(0) == "now")
        #expect(relative(-5) == "5s ago")
        #expect(relative(-3599) == "59m ago")
        #expect(relative(-200_000) == "2d ago")
        #expect(relative(7500) == "in 2h 5m")
        #expect(relative(7200) == "in 2h")
        #expect(Moment.relative(.infinity, to: now) == "infinity")
    }

    @Test(arguments: [
        (0.00035, "350µs"), (0.0123, "12ms"), (0.9994, "999ms"), (0.9996, "1.00s"), (1.254, "1.25s"), (12.34, "12.3s"),
        (59.96, "59s"), (185, "3m 5s"), (7500, "2h 5m"), (273_600, "3d 4h"), (3600.5, "1h"), (-2, "-2.00s"),
    ])
    func `spans are told in the unit that fits`(seconds: Double, words: String) {
        #expect(Moment.span(seconds) == words)
    }

    @Test func `points in time are spans back or times in UTC`() {
        #expect(PointInTime("90s") == .ago(seconds: 90))
        #expect(PointInTime("2h") == .ago(seconds: 7200))
        #expect(PointInTime("7d") == .ago(seconds: 604_800))
        let newYear = PointInTime.at(PostgresTimestamp(microseconds: 86_400_000_000))
        #expect(PointInTime("2000-01-02") == newYear)
        #expect(PointInTime("2000-01-02T00:00:00Z") == newYear)
        #expect(PointInTime("2000-01-02 00:00:00") == newYear)
        #expect(PointInTime("2000-01-02T01:00:00+01:00") == newYear)
        for text in [
            "", "h", "-5m", "2 hours", "99999999999999999999d", "9223372036854775807w", "yesterday", "2000-13-01",
        ] {
            #expect(PointInTime(text) == nil, "\(text)")
        }
    }

    @Test func `sizes and ids are written for people and shells`() {
        #expect(Stats.words(512, unit: "bytes") == "512 B")
        #expect(Stats.words(1_572_864, unit: "bytes") == "2 MiB")
        #expect(Stats.words(nil, unit: "seconds") == "-")
        #expect(List.quoted("checkout-1001") == "checkout-1001")
        #expect(List.quoted("it's") == "'it'\\''s'")
        #expect(List.quoted("-x") == "'-x'")
        #expect(List.quoted("") == "''")
        #expect(Preview.words(states: ["waiting", "running", "waiting"]) == "3 workflows match: 1 running, 2 waiting")
        #expect(Preview.words(states: []) == "0 workflows match")
    }
}

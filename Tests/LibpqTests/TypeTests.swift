// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq
import Testing

/// Every type both ways: a Swift value as a parameter, compared by the server with a literal, and the literal read as Swift value.
@Suite(.timeLimit(.minutes(2)))
struct TypeTests {
    /// One line of the table: reports what differs.
    struct Line: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let check: @Sendable (PostgresConnection) async throws -> Void

        /// `sql` is the literal, with its type.
        init<T: PostgresEncodable & PostgresDecodable & Sendable>(
            _ sql: String,
            _ value: T,
            same: @escaping @Sendable (T, T) -> Bool
        ) {
            self.testDescription = "\(T.self) \(sql)"
            self.check = { connection in
                let literal = Query(unescaped: sql)
                let read = try await connection.query("SELECT \(unescaped: sql)")[0].decode(0, as: T.self)
                #expect(same(read, value), "read \(read) from \(literal.sql)")
                let sent = try await connection.query("SELECT \(value) IS NOT DISTINCT FROM \(unescaped: sql)")
                #expect(try sent[0].decode(0, as: Bool.self), "sent \(value) for \(sql)")
                let back = try await connection.query("SELECT \(value)")[0].decode(0, as: T.self)
                #expect(same(back, value), "sent \(value) and got \(back)")
            }
        }

        init<T: PostgresEncodable & PostgresDecodable & Equatable & Sendable>(_ sql: String, _ value: T) {
            self.init(sql, value) { $0 == $1 }
        }
    }

    static let numbers: [Line] = [
        Line("'-32768'::int2", Int16.min), Line("32767::int2", Int16.max),
        Line("'-2147483648'::int4", Int32.min), Line("2147483647::int4", Int32.max),
        Line("'-9223372036854775808'::int8", Int64.min), Line("9223372036854775807::int8", Int.max),
        Line("4294967295::oid", UInt32.max), Line("'x'::\"char\"", UInt8(ascii: "x")),
        Line("1.5::float4", Float(1.5)), Line("'infinity'::float4", Float.infinity),
        Line("'NaN'::float4", Float.nan) { $0.isNaN && $1.isNaN },
        Line("'-0.1'::float8", -0.1), Line("'-infinity'::float8", -Double.infinity),
        Line("'NaN'::float8", Double.nan) { $0.isNaN && $1.isNaN },
        Line("1.7976931348623157e308::float8", Double.greatestFiniteMagnitude),
        Line("4.9e-324::float8", Double.leastNonzeroMagnitude),
        Line("0::numeric", Decimal.zero), Line("1::numeric", Decimal(1)),
        Line("'-12.50'::numeric", Decimal(string: "-12.5")!),
        Line("10000::numeric", Decimal(10_000)),
        Line("123456789.000000001::numeric", Decimal(string: "123456789.000000001")!),
        Line("0.00001::numeric", Decimal(string: "0.00001")!), Line("1e30::numeric", Decimal(string: "1e30")!),
        Line("'-1e-30'::numeric", Decimal(string: "-1e-30")!),
        Line(
            "99999999999999999999999999999999999999::numeric",
            Decimal(string: "99999999999999999999999999999999999999")!
        ),
        Line("'NaN'::numeric", Decimal.nan) { $0.isNaN && $1.isNaN },
        Line("true", true), Line("false", false),
    ]

    static let texts: [Line] = [
        Line("''::text", ""), Line("'Grüße, 世界 🌍'::text", "Grüße, 世界 🌍"), Line("'o''clock'::varchar(20)", "o'clock"),
        Line("'ab'::char(2)", "ab"), Line("'pg_class'::name", "pg_class"), Line("E'a\\nb\\\\'::text", "a\nb\\"),
        Line("'\\x'::bytea", Data()), Line("'\\x00ff10'::bytea", Data([0, 255, 16])),
        Line("'\\x00ff10'::bytea", [0, 255, 16] as [UInt8]),
        Line("'c0ffee00-0000-4000-8000-00000000000a'::uuid", UUID(uuidString: "c0ffee00-0000-4000-8000-00000000000a")!),
        Line("'{\"a\": [1, null]}'::jsonb", PostgresJSON(["a": [1, nil] as [Int?]])),
        Line("'\"Ünïcode\"'::jsonb", PostgresJSON("Ünïcode")), Line("'null'::jsonb", PostgresJSON(Int?.none)),
    ]

    static let times: [Line] = [
        Line("'2000-01-01 00:00:00+00'::timestamptz", Date(timeIntervalSince1970: 946_684_800)),
        Line("'1970-01-01 00:00:00.000001+00'::timestamptz", Date(timeIntervalSince1970: 0.000001)) {
            abs($0.timeIntervalSince($1)) < 0.0000005
        },
        Line("'10000-01-01 00:00:00+00'::timestamptz", Date(timeIntervalSince1970: 253_402_300_800)),
        Line("'294276-12-31 00:00:00+00'::timestamptz", Date(timeIntervalSince1970: 9_224_318_015_999 - 86_399)),
        Line("'4713-01-01 00:00:00+00 BC'::timestamptz", Date(timeIntervalSince1970: -210_863_520_000)),
        Line("'infinity'::timestamptz", PostgresTimestamp.infinity),
        Line("'-infinity'::timestamptz", PostgresTimestamp.negativeInfinity),
        Line("'2026-01-02 03:04:05.678901+00'::timestamptz", PostgresTimestamp(microseconds: 820_638_245_678_901)),
        Line("'0'::interval", Duration.zero),
        Line("'1 day 2 hours 3.000004 seconds'::interval", Duration.microseconds(93_603_000_004)),
        Line("'-1.5 seconds'::interval", Duration.milliseconds(-1500)),
        Line("'36500 days'::interval", Duration.seconds(36_500 * 86_400)),
    ]

    static let arrays: [Line] = [
        Line("'{}'::text[]", [String]()), Line("'{a,NULL,\"\"}'::text[]", ["a", nil, ""] as [String?]),
        Line("'{NULL}'::int4[]", [nil] as [Int32?]), Line("'{1,2}'::int8[]", [1, 2]),
        Line("'{NaN,1}'::float8[]", [Double.nan, 1]) { $0[0].isNaN && $1[0].isNaN && $0[1] == $1[1] },
        Line("'{t,f}'::bool[]", [true, false]), Line("'{1.5,NULL}'::numeric[]", [Decimal(string: "1.5")!, nil]),
        Line(
            "'{c0ffee00-0000-4000-8000-00000000000a}'::uuid[]",
            [UUID(uuidString: "c0ffee00-0000-4000-8000-00000000000a")!]
        ),
        Line("'{2000-01-01 00:00:00+00,NULL}'::timestamptz[]", [Date(timeIntervalSince1970: 946_684_800), nil]),
        Line("array['\\x01'::bytea, ''::bytea]", [Data([1]), Data()]),
        Line("array['{\"a\": 1}'::jsonb, NULL]", [PostgresJSON(["a": 1]), nil]),
        Line("NULL::text", String?.none), Line("NULL::int8", Int?.none), Line("5::int8", Int?.some(5)),
        Line("NULL::text[]", [String]?.none), Line("NULL::numeric", Decimal?.none),
        Line("NULL::jsonb", PostgresJSON<Int>?.none),
    ]

    @Test(arguments: numbers + texts + times + arrays)
    func `a value is the same in Swift and in Postgres`(_ line: Line) async throws {
        try await line.check(TestServer.connect())
    }

    @Test func `types without a parameter form of their own are read`() async throws {
        let connection = try await TestServer.connect()
        func read<T: PostgresDecodable>(_ sql: Query, _ type: T.Type) async throws -> T {
            try await connection.query(sql)[0].decode(0, as: type)
        }
        #expect(try await read("SELECT '{\"a\":1}'::json", String.self) == "{\"a\":1}")
        #expect(try await read("SELECT '{\"a\":1}'::json", PostgresJSON<[String: Int]>.self).value == ["a": 1])
        #expect(try await read("SELECT '[1]'::jsonb", String.self) == "[1]")
        #expect(try await read("SELECT '2000-01-02'::date", Date.self) == Date(timeIntervalSince1970: 946_771_200))
        #expect(try await read("SELECT '10000-01-01'::date", Date.self) == Date(timeIntervalSince1970: 253_402_300_800))
        #expect(
            try await read("SELECT '1999-12-31 12:00'::timestamp", Date.self)
                == Date(timeIntervalSince1970: 946_641_600)
        )
        #expect(try await read("SELECT 7::int2", Int.self) == 7)
        #expect(try await read("SELECT 7::int4", Decimal.self) == 7)
        #expect(try await read("SELECT 1.5::float4", Double.self) == 1.5)
        try await connection.execute("CREATE TYPE pg_temp.mood AS ENUM ('glad', 'sad')")
        #expect(try await read("SELECT \("sad")::pg_temp.mood", String.self) == "sad")
        #expect(try await read("SELECT array['glad', NULL]::pg_temp.mood[]", [String?].self) == ["glad", nil])
        #expect(try await read("SELECT \("{\"b\": 2}")::json->>'b'", String.self) == "2")
        #expect(try await read("SELECT pg_sleep(0)", String.self) == "")
    }

    @Test(arguments: [
        ("70000::int4 AS n", "column \"n\": the integer 70000 does not fit into Int16"),
        ("'a'::text AS n", "column \"n\": text cannot be read as Int16"),
        ("NULL::int2 AS n", "column \"n\": it is NULL; read it as Int16?"),
        ("1.5::numeric AS n", "column \"n\": numeric cannot be read as Int16"),
    ])
    func `an integer that cannot be read says which column, type and value`(_ sql: String, _ words: String) async throws
    {
        let rows = try await TestServer.connect().query("SELECT \(unescaped: sql)")
        let error = #expect(throws: PostgresError.self) { try rows[0].decode("n", as: Int16.self) }
        #expect(error?.code == .decoding)
        #expect(error?.message == words)
        #expect(error?.column == "n")
    }

    @Test func `what has no Swift value is an error in words`() async throws {
        let connection = try await TestServer.connect()
        func refusal<T: PostgresDecodable>(_ sql: Query, _ type: T.Type) async throws -> String {
            let row = try await connection.query(sql)[0]
            return #expect(throws: PostgresError.self) { try row.decode(0, as: type) }?.message ?? ""
        }
        #expect(
            try await refusal("SELECT 'infinity'::timestamptz", Date.self).contains("is infinity, which is no Date")
        )
        #expect(try await refusal("SELECT '-infinity'::date", Date.self).contains("is -infinity, which is no Date"))
        #expect(
            try await refusal("SELECT 'infinity'::numeric", Decimal.self).contains("is infinity, which is no Decimal")
        )
        #expect(try await refusal("SELECT '-infinity'::numeric", Decimal.self).contains("is -infinity"))
        #expect(
            try await refusal("SELECT 10 ^ 40::numeric + 1", Decimal.self).contains("more digits than a Decimal holds")
        )
        #expect(
            try await refusal("SELECT '1 month'::interval", Duration.self).contains(
                "1 months, which have no fixed length"
            )
        )
        #expect(try await refusal("SELECT '{{1,2},{3,4}}'::int4[]", [Int].self).contains("2 dimensions"))
        #expect(try await refusal("SELECT '{1,NULL}'::int4[]", [Int].self).contains("element 1: it is NULL"))
        #expect(try await refusal("SELECT '{1,70000}'::int4[]", [Int16].self).contains("element 1: the integer 70000"))
        #expect(try await refusal("SELECT 5::int4", String.self).contains("integer cannot be read as String"))
        #expect(try await refusal("SELECT '{}'::jsonb", PostgresJSON<Int>.self).isEmpty == false)
        let row = try await connection.query("SELECT 1 AS one, 2 AS two")[0]
        let missing = #expect(throws: PostgresError.self) { try row.decode("three", as: Int.self) }
        #expect(missing?.message == "there is no column \"three\"; the columns are one, two")
        #expect(throws: PostgresError.self) { try row.decode(2, as: Int.self) }
    }

    @Test func `a value that cannot be sent fails the request before anything is sent`() async throws {
        let connection = try await TestServer.connect()
        try await connection.execute("CREATE TEMP TABLE t (n int8)")
        let hopeless: [(Query, String)] = [
            ("SELECT \(Date(timeIntervalSince1970: .nan))", "timestamp"),
            ("SELECT \(Date(timeIntervalSince1970: 1e18))", "timestamp"),
            ("SELECT \(Duration.seconds(Int64.max))", "interval"),
            ("SELECT \(PostgresJSON(Double.infinity))", "cannot be sent as jsonb"),
        ]
        for (query, words) in hopeless {
            let error = await #expect(throws: PostgresError.self) {
                try await connection.run(Pipeline([Statement("INSERT INTO t VALUES (1)"), Statement(query)]))
            }
            #expect(error?.code == .encoding)
            #expect(error?.statementIndex == 1)
            #expect(error?.isOutcomeUnknown == false)
            #expect(error?.message.contains(words) == true, "\(String(reflecting: error))")
        }
        #expect(try await connection.query("SELECT count(*) FROM t")[0].decode(0, as: Int.self) == 0)
    }

    @Test func `a text of 100 MB goes both ways`() async throws {
        let connection = try await TestServer.connect()
        let text = String(repeating: "0123456789", count: 10_000_000)
        let rows = try await connection.query(
            "SELECT \(text) AS text, md5(\(text)) = md5(repeat('0123456789', 10000000))"
        )
        #expect(try rows[0].decode(0, as: String.self) == text)
        #expect(try rows[0].decode(1, as: Bool.self))
    }

    @Test func `a column keeps its NULLs, or leaves those at its end out`() async throws {
        let connection = try await TestServer.connect()
        var numbers = ArrayColumn(.int8)
        var ends = ArrayColumn(.text)
        var nothing = ArrayColumn(.json)
        for index in 0..<5 {
            numbers.append(Int64(index))
            if index == 1 || index == 3 { ends.append("\(index)") } else { ends.appendNull() }
            nothing.appendNull()
        }
        #expect(ends.count == 5)
        #expect(nothing.count == 5)
        let texts: [String?] = [nil, "1", nil, "3", nil]

        let whole = try await connection.query(
            "SELECT cardinality(\(ends.parameter)), cardinality(\(nothing.parameter)), \(ends.parameter)"
        )[0]
        #expect(try whole.decode(0, as: Int.self) == 5)
        #expect(try whole.decode(1, as: Int.self) == 5)
        #expect(try whole.decode(2, as: [String?].self) == texts)

        let rows = try await connection.query(
            """
            SELECT unnest(\(numbers.trimmedParameter)), unnest(\(ends.trimmedParameter)), unnest(\(nothing.trimmedParameter)),
                   cardinality(\(ends.trimmedParameter)), cardinality(\(nothing.trimmedParameter))
            """
        )
        #expect(try rows.map { try $0.decode(0, as: Int.self) } == [0, 1, 2, 3, 4])
        #expect(try rows.map { try $0.decode(1, as: String?.self) } == texts)
        #expect(try rows.allSatisfy { try $0.decode(2, as: String?.self) == nil })
        #expect(try rows[0].decode(3, as: Int.self) == 4)
        #expect(try rows[0].decode(4, as: Int.self) == 0)

        ends.append("5")
        let more = try await connection.query("SELECT \(ends.parameter)")[0]
        #expect(try more.decode(0, as: [String?].self) == texts + ["5"])
    }

    @Test func `a column of every kind arrives through unnest`() async throws {
        let connection = try await TestServer.connect()
        var texts = ArrayColumn(.text)
        var documents = ArrayColumn(.jsonb)
        var smalls = ArrayColumn(.int2)
        var reals = ArrayColumn(.float4)
        var times = ArrayColumn(.timestamptz)
        var flags = ArrayColumn(.bool)
        var blobs = ArrayColumn(.bytea)
        for index in 0..<1_000 {
            texts.append("text \(index)")
            documents.append(json: Array("{\"n\":\(index)}".utf8))
            smalls.append(Int16(index))
            reals.append(Float(index) / 2)
            if index % 2 == 0 { times.append(microseconds: Int64(index) * 1_000_000) } else { times.appendNull() }
            flags.append(index % 3 == 0)
            blobs.append([UInt8(index % 256)])
        }
        let rows = try await connection.query(
            """
            SELECT count(*), count(t), sum((d->>'n')::int), sum(s)::int8, sum(r)::float8, max(t) , count(*) FILTER (WHERE f),
                   bool_and(x = 'text ' || s AND get_byte(b, 0) = s % 256)
            FROM unnest(\(texts.parameter), \(documents.parameter), \(smalls.parameter), \(reals.parameter),
                \(times.parameter), \(flags.parameter), \(blobs.parameter)) AS u(x, d, s, r, t, f, b)
            """
        )
        let row = rows[0]
        #expect(try row.decode(0, as: Int.self) == 1_000)
        #expect(try row.decode(1, as: Int.self) == 500)
        #expect(try row.decode(2, as: Int.self) == 499_500)
        #expect(try row.decode(3, as: Int.self) == 499_500)
        #expect(try row.decode(4, as: Double.self) == 249_750)
        #expect(try row.decode(5, as: PostgresTimestamp.self).microseconds == 998_000_000)
        #expect(try row.decode(6, as: Int.self) == 334)
        #expect(try row.decode(7, as: Bool.self))
    }
}

extension Query {
    fileprivate init(unescaped sql: String) { self = "\(unescaped: sql)" }
}

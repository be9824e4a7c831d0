// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Durable

@Suite struct PayloadCoderTests {
    static let coder = PayloadCoder()

    static func text<T: Encodable>(_ value: T) throws -> String? {
        try Self.coder.encode(value, as: "the value").map { String(decoding: $0, as: UTF8.self) }
    }

    static func roundTrip<T: Codable>(_ value: T) throws -> T {
        try Self.coder.decode(T.self, from: Self.coder.encode(value, as: "the value"))
    }

    // MARK: Forms

    @Test func `fragments are payloads`() throws {
        #expect(try Self.text(7) == "7")
        #expect(try Self.text(Int64.min) == "-9223372036854775808")
        #expect(try Self.text(UInt64.max) == "18446744073709551615")
        #expect(try Self.text("x\"\\\n\u{1}é") == #""x\"\\\n\u0001é""#)
        #expect(try Self.text(true) == "true")
        #expect(try Self.text(Int?.none) == "null")
        #expect(try Self.text(1.5) == "1.5")
        #expect(try Self.text([Int]()) == "[]")
        #expect(try Self.text([String: Int]()) == "{}")
        #expect(try Self.text(URL(string: "https://example.org/a")) == #""https://example.org/a""#)
        #expect(try Self.text(Data([0, 1, 255])) == #""AAH/""#)
    }

    @Test func `no value is SQL NULL and nothing else is`() throws {
        #expect(try Self.text(Nothing()) == nil)
        #expect(try Self.coder.decode(Nothing.self, from: nil) == Nothing())
        #expect(throws: DurableError.self) { try Self.coder.decode(Int?.self, from: nil) }
    }

    @Test func `keys are sorted at every depth`() throws {
        struct Inner: Codable { var z = 1, a = 2, m: [String: Int] = ["y": 1, "x": 2, "xx": 3] }
        struct Outer: Codable { var second = Inner(), first = [Inner()] }
        let inner = #"{"a":2,"m":{"x":2,"xx":3,"y":1},"z":1}"#
        #expect(try Self.text(Outer()) == #"{"first":[\#(inner)],"second":\#(inner)}"#)
    }

    @Test func `integers of every width come back`() throws {
        func check<T: FixedWidthInteger & Codable>(_: T.Type) throws {
            for value in [T.min, T.max, 0, 1, T.max / 3] {
                #expect(try Self.roundTrip(value) == value)
                #expect(try Self.roundTrip([value]) == [value])
                #expect(try Self.roundTrip(["key": value]) == ["key": value])
            }
        }
        try check(Int.self)
        try check(Int8.self)
        try check(Int16.self)
        try check(Int32.self)
        try check(Int64.self)
        try check(UInt.self)
        try check(UInt8.self)
        try check(UInt16.self)
        try check(UInt32.self)
        try check(UInt64.self)
        try check(Int128.self)
        try check(UInt128.self)
    }

    @Test func `floating point numbers come back bit by bit`() throws {
        var random = SplitMix64(state: 1)
        let special: [Double] = [
            0, -0.0, 0.1, 1e20, 1e-7, .pi, .leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude,
            1 / 3,
        ]
        let patterns = (0..<5000).map { _ in Double(bitPattern: random.next()) }.filter(\.isFinite)
        for value in special + patterns {
            #expect(try Self.roundTrip(value).bitPattern == value.bitPattern)
        }
        for _ in 0..<5000 {
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
            guard value.isFinite else { continue }
            #expect(try Self.roundTrip([value])[0].bitPattern == value.bitPattern)
        }
    }

    @Test func `decimals, data, urls and identifiers come back`() throws {
        let digits = try #require(Decimal(string: "12345678901234567890.12345678901234567"))
        #expect(try Self.roundTrip(digits) == digits)
        #expect(try Self.roundTrip(Decimal(string: "-0.001")) == Decimal(string: "-0.001"))
        let data = Data((0..<1000).map { UInt8(truncatingIfNeeded: $0) })
        #expect(try Self.roundTrip([data]) == [data])
        let url = try #require(URL(string: "https://example.org/ä?x=1#y"))
        #expect(try Self.roundTrip(url) == url)
        let id = UUID()
        #expect(try Self.roundTrip(id) == id)
    }

    @Test func `optionals of optionals are told apart as a whole payload`() throws {
        for value in [nil, .some(nil), .some(.some(nil)), .some(.some(1))] as [Int???] {
            #expect(try Self.roundTrip(value) == value)
        }
        #expect(try Self.text(Int??.none) == "null")
        #expect(try Self.text(Int??.some(nil)) == "[null]")
        #expect(try Self.text(Int??.some(1)) == "[1]")
        #expect(try Self.text([Int]??.some([1, 2])) == "[[1,2]]")
        #expect(try Self.roundTrip([Int]??.some([1, 2])) == [1, 2])
        #expect(try Self.roundTrip(String?.some("x")) == "x")
        #expect(try Self.roundTrip(String?.none) == nil)
    }

    @Test func `equal sets and dictionaries give equal bytes, whatever their order in memory`() throws {
        struct Key: Hashable, Codable { var name: String }
        struct Value: Codable { var tags: Set<String>, prices: [Key: Int], nested: [[Set<Int>]] }
        let names = (0..<50).map { "name-\($0)" }
        func value(_ capacity: Int, _ names: some Sequence<String>) -> Value {
            var value = Value(
                tags: Set(minimumCapacity: capacity),
                prices: [:],
                nested: [[Set(minimumCapacity: capacity)]]
            )
            value.prices.reserveCapacity(capacity)
            for name in names {
                value.tags.insert(name)
                value.prices[Key(name: name)] = name.count
                value.nested[0][0].insert(name.utf8.reduce(0) { $0 * 31 + Int($1) })
            }
            return value
        }
        let first = try Self.text(value(50, names))
        #expect(try Self.text(value(4000, names.reversed())) == first)
        #expect(try Self.text(Set([3, 1, 2])) == "[1,2,3]")
        #expect(try Self.text([Key(name: "b"): 1, Key(name: "a"): 2]) == #"[{"name":"a"},2,{"name":"b"},1]"#)
        #expect(try Self.text([2: "b", 1: "a"]) == #"{"1":"a","2":"b"}"#)
        let back = try Self.coder.decode(Value.self, from: Self.coder.encode(value(50, names), as: "x"))
        #expect(back.tags.count == 50 && back.prices.count == 50 && back.nested[0][0].count == 50)
    }

    // MARK: Text that Postgres could not read

    @Test func `every text comes back, wrapped if it holds U+0000`() throws {
        for text in ["a\0b", "\0", "\\u0000", "👩‍👩‍👧‍👦 e\u{301} é \u{FFFF}\u{10FFFF}\u{2028}", "", "\u{7F}\u{1F}", "/"] {
            #expect(try Self.roundTrip(text).unicodeScalars.elementsEqual(text.unicodeScalars))
            #expect(try Self.roundTrip([text: [text]])[text]?[0] == text)
            #expect(try Self.text(text)?.hasPrefix("{\"$durable\"") == text.contains("\0"))
        }
    }

    @Test func `a document that looks like the envelope comes back`() throws {
        let pretender = ["$durable": "base64", "value": "bm9uc2Vuc2U="]
        #expect(try Self.roundTrip(pretender) == pretender)
        #expect(try Self.roundTrip(["$durable": 1]) == ["$durable": 1])
        #expect(try Self.text(pretender)?.contains("bm9uc2Vuc2U=") == false)
        let twice = try #require(try Self.text(pretender))
        #expect(try Self.roundTrip(twice) == twice)
    }

    // MARK: Refusals

    struct Line: Codable { var price: Double, secret = "hunter2" }
    struct Order: Codable { var lines: [Line] }
    struct Input: Codable { var order: Order }

    @Test func `a number that is none is named by its path, and nothing else is shown`() {
        let input = Input(order: Order(lines: [Line(price: 1), Line(price: 2), Line(price: 3), Line(price: .nan)]))
        let error = #expect(throws: DurableError.self) { try Self.coder.encode(input, as: "the result of step charge") }
        #expect(error?.code == .unencodable)
        #expect(
            error?.message == "The result of step charge cannot be written as JSON: "
                + "order.lines[3].price is not a number (nan)."
        )
        let infinite = #expect(throws: DurableError.self) { try Self.coder.encode(-Float.infinity, as: "x") }
        #expect(infinite?.message == "X cannot be written as JSON: the value is infinite (-inf).")
        let date = #expect(throws: DurableError.self) {
            try Self.coder.encode([Date(timeIntervalSinceReferenceDate: .nan)], as: "x")
        }
        #expect(date?.message == "X cannot be written as JSON: [0] is not a number (nan).")
        #expect(throws: DurableError.self) { try Self.coder.encode([Decimal.nan], as: "x") }
        #expect(throws: DurableError.self) { try Self.coder.encode(Set([Double.infinity]), as: "x") }
    }

    @Test func `a type that refuses to encode is named by its path and its error`() {
        struct Refusal: Error {}
        struct Stubborn: Encodable {
            func encode(to encoder: any Encoder) throws { throw Refusal() }
        }
        struct Holder: Encodable { var fine = 1, inner = ["key": Stubborn()] }
        let error = #expect(throws: DurableError.self) { try Self.coder.encode(Holder(), as: "the input") }
        #expect(error?.message == "The input cannot be written as JSON: the encode(to:) of inner.key threw Refusal.")
        #expect(error?.underlying is Refusal)
    }

    @Test func `a payload over the limit is refused with its size and the limit`() throws {
        let coder = PayloadCoder(limit: 1024)
        #expect(try coder.encode(String(repeating: "x", count: 1022), as: "x")?.count == 1024)
        let error = #expect(throws: DurableError.self) {
            try coder.encode(String(repeating: "x", count: 3000), as: "the result of step load")
        }
        #expect(error?.code == .unencodable)
        #expect(
            error?.message
                == "The result of step load is 2.9 KiB (3002 bytes) of JSON; the limit is 1 KiB (1024 bytes). "
                + "Keep large data elsewhere and record where it is."
        )
        #expect(ByteCount(8 << 20).description == "8 MiB (8388608 bytes)")
    }

    @Test func `a value that no longer decodes is named by type and path, without its content`() throws {
        struct Old: Codable { var order = ["lines": [["price": "hunter2"]]] }
        let stored = try Self.coder.encode(Old(), as: "x")
        let error = #expect(throws: DurableError.self) { try Self.coder.decode(Input.self, from: stored) }
        #expect(error?.code == .undecodable)
        #expect(
            error?.message
                == "A recorded value cannot be read as Input: order.lines[0].price is not of the type Double."
        )
        func message<T: Decodable>(_ type: T.Type, _ json: String) -> String? {
            #expect(throws: DurableError.self) { try Self.coder.decode(type, from: [UInt8](json.utf8)) }?.message
        }
        #expect(
            message([Int].self, "[1,null]")
                == "A recorded value cannot be read as Array<Int>: [1] is null, and Int was expected."
        )
        #expect(message(Input.self, "{}") == "A recorded value cannot be read as Input: the value has no field order.")
        #expect(
            message(Int8.self, "300")
                == "A recorded value cannot be read as Int8: the value does not hold what its type allows."
        )
        #expect(
            message(String.self, "7")
                == "A recorded value cannot be read as String: the value is not of the type String."
        )
        #expect(message(Int.self, "{") != nil)
        let damaged = try #require(message(Int.self, #"{"$durable":"base64","value":"*"}"#))
        #expect(damaged.contains("the envelope of its encoding is damaged"))
    }

    @Test func `nesting that could not be read back is refused instead of recorded`() throws {
        indirect enum Chain: Codable, Equatable {
            case end
            case link(Chain)

            init(from decoder: any Decoder) throws {
                var container = try decoder.unkeyedContainer()
                self = container.isAtEnd ? .end : .link(try container.decode(Chain.self))
            }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.unkeyedContainer()
                if case .link(let next) = self { try container.encode(next) }
            }
            static func of(_ length: Int) -> Chain { (0..<length).reduce(.end) { chain, _ in .link(chain) } }
        }
        #expect(try Self.roundTrip(Chain.of(511)) == Chain.of(511))
        let error = #expect(throws: DurableError.self) { try Self.coder.encode(Chain.of(512), as: "x") }
        #expect(error?.message.hasSuffix("is nested too deep (more than 512 levels).") == true)
        #expect(throws: DurableError.self) { try Self.coder.encode(Chain.of(20_000), as: "x") }
    }
}

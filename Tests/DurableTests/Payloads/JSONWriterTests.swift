// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Durable

/// What the `Encoder` protocol allows beyond what the compiler synthesizes.
@Suite struct JSONWriterTests {
    private struct Custom: Encodable {
        let body: @Sendable (any Encoder) throws -> Void
        init(_ body: @escaping @Sendable (any Encoder) throws -> Void) { self.body = body }
        func encode(to encoder: any Encoder) throws { try self.body(encoder) }
    }

    private enum Key: String, CodingKey { case a, b, c, d, e }

    private func text(_ body: @escaping @Sendable (any Encoder) throws -> Void) throws -> String? {
        try PayloadCoderTests.text(Custom(body))
    }

    @Test func `nested containers may be filled in turns`() throws {
        let text = try self.text { encoder in
            var outer = encoder.container(keyedBy: Key.self)
            var list = outer.nestedUnkeyedContainer(forKey: .d)
            try outer.encode(1, forKey: .c)
            var inner = outer.nestedContainer(keyedBy: Key.self, forKey: .a)
            try list.encode("first")
            try outer.encode(2, forKey: .b)
            try inner.encode([1, 2], forKey: .b)
            var deep = list.nestedContainer(keyedBy: Key.self)
            try list.encode(3.5)
            try inner.encode(Date?.none, forKey: .a)
            try deep.encode(true, forKey: .e)
            var empty = list.nestedUnkeyedContainer()
            try empty.encode(contentsOf: [Int]())
            #expect(list.count == 4)
            #expect(deep.codingPath.map(\.stringValue) == ["d", "Index 1"])
        }
        #expect(text == #"{"a":{"a":null,"b":[1,2]},"b":2,"c":1,"d":["first",{"e":true},3.5,[]]}"#)
    }

    @Test func `nested containers sit between fields that are sorted and spliced alike`() throws {
        let text = try self.text { encoder in
            var list = encoder.unkeyedContainer()
            for _ in 0..<2 {
                try list.encode(
                    Custom { encoder in
                        var outer = encoder.container(keyedBy: Key.self)
                        try outer.encode(5, forKey: .e)
                        var first = outer.nestedContainer(keyedBy: Key.self, forKey: .c)
                        var second = outer.nestedContainer(keyedBy: Key.self, forKey: .b)
                        try outer.encode("\0", forKey: .a)
                        try second.encode("two", forKey: .a)
                        try first.encode("one", forKey: .a)
                    }
                )
            }
        }
        let object = #"{"a":"\u0000","b":{"a":"two"},"c":{"a":"one"},"e":5}"#
        let stored = try #require(text)
        let opened = try #require(PayloadEnvelope.open([UInt8](stored.utf8)))
        #expect(String(decoding: opened, as: UTF8.self) == "[\(object),\(object)]")
    }

    @Test func `superclasses have a place of their own or share their subclass's`() throws {
        class Base: Codable { var b = 1 }
        class Sharing: Base {
            var a = 2
            enum Keys: String, CodingKey { case a }
            override func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Keys.self)
                try container.encode(self.a, forKey: .a)
                try super.encode(to: encoder)
            }
        }
        class Separate: Base {
            enum Keys: String, CodingKey { case z }
            override func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Keys.self)
                try container.encode(3, forKey: .z)
                try super.encode(to: container.superEncoder())
            }
        }
        #expect(try PayloadCoderTests.text(Sharing()) == #"{"a":2,"b":1}"#)
        #expect(try PayloadCoderTests.text(Separate()) == #"{"super":{"b":1},"z":3}"#)
    }

    @Test func `enums with associated values come back`() throws {
        enum Event: Codable, Equatable {
            case none
            case paid(amount: Decimal, by: String?)
            case many([Event])
        }
        let value = Event.many([.none, .paid(amount: 1.25, by: nil), .paid(amount: 3, by: "x"), .many([])])
        #expect(try PayloadCoderTests.roundTrip(value) == value)
    }

    @Test func `of two fields with one key the later stays`() throws {
        let text = try self.text { encoder in
            var outer = encoder.container(keyedBy: Key.self)
            try outer.encode(1, forKey: .b)
            try outer.encode(2, forKey: .a)
            try outer.encode(3, forKey: .b)
            try outer.encode(4, forKey: .b)
        }
        #expect(text == #"{"a":2,"b":4}"#)
    }

    @Test func `a field that fails and is given up leaves nothing behind`() throws {
        let text = try self.text { encoder in
            var outer = encoder.container(keyedBy: Key.self)
            try outer.encode(1, forKey: .a)
            try? outer.encode([1, .nan], forKey: .b)
            try? outer.encode(Double.nan, forKey: .c)
            var list = outer.nestedUnkeyedContainer(forKey: .d)
            try? list.encode(["x": Double.infinity])
            try? list.encode(Double.infinity)
            try list.encode(1)
            try outer.encode(2, forKey: .b)
        }
        #expect(text == #"{"a":1,"b":2,"d":[1]}"#)
    }

    @Test func `a value that writes nothing is an empty object`() throws {
        #expect(try self.text { _ in } == "{}")
        #expect(try PayloadCoderTests.text([Custom { _ in }]) == "[{}]")
    }

    @Test func `a value that writes itself twice is refused, not trapped`() {
        func message(_ body: @escaping @Sendable (any Encoder) throws -> Void) -> String? {
            #expect(throws: DurableError.self) { _ = try self.text(body) }?.message
        }
        let twice = message { encoder in
            var single = encoder.singleValueContainer()
            try single.encode(1)
            try single.encode(2)
        }
        #expect(twice?.contains("writes itself twice") == true)
        let mixed = message { encoder in
            _ = encoder.unkeyedContainer()
            _ = encoder.container(keyedBy: Key.self)
        }
        #expect(mixed?.contains("two forms at once") == true)
        let both = message { encoder in
            var single = encoder.singleValueContainer()
            try single.encode(1)
            _ = encoder.unkeyedContainer()
        }
        #expect(both?.contains("writes itself twice") == true)
    }

    @Test func `the coding path is what the protocol says`() throws {
        _ = try self.text { encoder in
            var outer = encoder.container(keyedBy: Key.self)
            try outer.encode([Custom { #expect($0.codingPath.map(\.stringValue) == ["a", "Index 0"]) }], forKey: .a)
        }
    }
}

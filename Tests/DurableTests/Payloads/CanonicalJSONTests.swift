// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct CanonicalJSONTests {
    private func canonical(_ text: String) throws -> String {
        String(decoding: try CanonicalJSON.canonical([UInt8](text.utf8)), as: UTF8.self)
    }

    @Test(arguments: [
        ("1", "1.0"), ("1", "1e0"), ("1", "10e-1"), ("0", "-0"), ("0", "0.000e99"), ("100", "1E+2"),
        ("-1.50", "-15e-1"),
        ("123456789012345678901234567890", "1.23456789012345678901234567890e29"), ("1e400", "10e399"),
        (#"{"b":1,"a":[1,2]}"#, " { \"a\" : [ 1.0 ,\n2 ] , \"b\":1 } "), (#"{"a":1,"a":2}"#, #"{"a":2}"#),
        (#""é/\n""#, #""\u00e9\/\u000A""#), (#""😀""#, #""\ud83d\uDE00""#), (#"{"é":1}"#, #"{"\u00E9":1}"#),
        (#""\u0000""#, #""\u0000""#), ("[]", "[ ]"), ("{}", " {\t} "), ("true", " true"),
    ])
    func `texts that mean the same are equal`(first: String, second: String) throws {
        #expect(try CanonicalJSON.equal([UInt8](first.utf8), [UInt8](second.utf8)))
        #expect(try self.canonical(self.canonical(first)) == self.canonical(second))
    }

    @Test(arguments: [
        ("1", "2"), ("1", "\"1\""), ("1", "-1"), ("123456789012345678901234567890", "123456789012345678901234567891"),
        ("0.1", "0.10000000000000001"), ("[1,2]", "[2,1]"), (#"{"a":null}"#, "{}"), ("null", "false"),
        (#""a""#, #""A""#),
        (#""\ud800""#, #""\ud801""#), ("[1]", "[1,1]"),
    ])
    func `texts that mean different things are not`(first: String, second: String) throws {
        #expect(try !CanonicalJSON.equal([UInt8](first.utf8), [UInt8](second.utf8)))
    }

    @Test(arguments: [
        "", "[", "{", "[1", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "01", "1.", ".5", "1e", "+1", "nul", "nan",
        "Infinity",
        "1 2", "\"", "\"\\\"", #""\x""#, #""\u12g4""#, #""\u12"#, "\"\n\"", "[1 2]", "{1:2}", "]",
        "1e99999999999999999999", "'a'",
        "--1", "\u{feff}1",
    ])
    func `what is no JSON is refused and not trapped`(text: String) {
        let error = #expect(throws: DurableError.self) { try self.canonical(text) }
        #expect(error?.code == .undecodable)
    }

    @Test func `512 levels are read and 513 are refused`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(try self.canonical(nested(512)) == nested(512))
        #expect(throws: DurableError.self) { try self.canonical(nested(513)) }
        #expect(throws: DurableError.self) { try self.canonical(String(repeating: "[", count: 1_000_000)) }
    }

    @Test func `keys are sorted by their bytes at every depth`() throws {
        #expect(
            try self.canonical(#"{"b":{"z":1,"a":2},"a":1,"é":3,"Z":4}"#) == #"{"Z":4,"a":1,"b":{"a":2,"z":1},"é":3}"#
        )
    }

    @Test func `an envelope equals the text that it holds, and null is not nothing`() throws {
        let sealed = try PayloadCoder().encode(["b": "\0", "a": "x"], as: "x")
        #expect(try CanonicalJSON.equal(sealed, [UInt8](#"{ "a":"x", "b":"\u0000" }"#.utf8)))
        #expect(try !CanonicalJSON.equal(nil, [UInt8]("null".utf8)))
        #expect(try CanonicalJSON.equal(nil, nil))
    }
}

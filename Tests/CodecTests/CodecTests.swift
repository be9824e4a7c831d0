// SPDX-License-Identifier: Apache-2.0

import Crypto
import DurableCompression
import DurableCrypto
import Foundation
import Testing

@testable import Durable

/// Makes bytes of every kind of a text, and takes them back.
private struct Rotated: PayloadCodec {
    var name = "rotated"
    var key: String?

    func encode(_ bytes: [UInt8]) throws -> EncodedPayload? {
        EncodedPayload([0, 255, 34, 92] + bytes.map { $0 &+ 128 }, key: self.key)
    }

    func decode(_ bytes: [UInt8], key: String?) throws -> [UInt8] { bytes.dropFirst(4).map { $0 &- 128 } }
}

@Suite struct CodecTests {
    private func roundTrip<T: Codable & Equatable>(_ value: T, _ codecs: [any PayloadCodec]) throws -> Bool {
        let coder = PayloadCoder(codecs: try PayloadCodecs(codecs))
        let stored = try #require(try coder.encode(value, as: "it", of: PayloadSubject(.step)))
        #expect(EncodedEnvelope.isOne(stored))
        #expect(try JSONSerialization.jsonObject(with: Data(stored)) is [String: Any])
        return try coder.decode(T.self, from: stored) == value
    }

    @Test func `every value comes back exact through every chain`() throws {
        let aes = try AESGCMCodec(keys: ["a": Keys.old], current: "a")
        for codecs: [any PayloadCodec] in [
            [Rotated()], [aes], [DeflateCodec(threshold: 0), aes], [aes, Rotated()], [Rotated(), aes, DeflateCodec()],
        ] {
            #expect(try self.roundTrip("text with \u{0} and \"quotes\" 🫖", codecs))
            #expect(try self.roundTrip([Optional(1), nil], codecs))
            #expect(try self.roundTrip(Optional(Optional<Int>.none), codecs))
            #expect(try self.roundTrip(Data((0...255).map { UInt8($0) }), codecs))
            #expect(try self.roundTrip(Card(), codecs))
            #expect(try self.roundTrip(["$durable": "encoded", "by": "aes-gcm:a", "value": ""], codecs))
            #expect(try self.roundTrip(0.1 + 0.2, codecs))
        }
    }

    @Test func `a plain value that looks like an envelope comes back as it was, with codecs and without`() throws {
        let value = ["$durable": "encoded", "by": "aes-gcm:a", "value": "AAAA"]
        for coder in [PayloadCoder(), PayloadCoder(codecs: try PayloadCodecs([Rotated()]))] {
            // Of the engine's own: never encoded.
            let stored = try #require(try coder.encode(value, as: "it"))
            #expect(try coder.decode([String: String].self, from: stored) == value)
        }
    }

    @Test func `an encrypted text differs each time, and not one bit of it can be changed`() throws {
        let codec = try AESGCMCodec(keys: ["a": Keys.old], current: "a")
        let plain = Array(Card.number.utf8)
        let first = try #require(try codec.encode(plain))
        #expect(try codec.encode(plain) != first)
        #expect(first.key == "a")
        for index in first.bytes.indices {
            var bytes = first.bytes
            bytes[index] ^= 1
            #expect(throws: PayloadCodecFailure.self) { try codec.decode(bytes, key: "a") }
        }
        #expect(throws: PayloadCodecFailure.self) { try codec.decode([], key: "a") }
        // Not even its key's name.
        let other = try AESGCMCodec(keys: ["b": Keys.old], current: "b")
        #expect(throws: PayloadCodecFailure.self) { try other.decode(first.bytes, key: "b") }
    }

    @Test func `what cannot be read says which codec or key is missing, and nothing of the payload`() throws {
        let coder = PayloadCoder(codecs: try PayloadCodecs([AESGCMCodec(keys: ["a": Keys.old], current: "a")]))
        let stored = try #require(try coder.encode(Card(), as: "it", of: PayloadSubject(.input)))
        let cases: [(PayloadCodecs?, String)] = [
            (nil, "it is encoded by aes-gcm:a, and this process has no payload codecs"),
            (try PayloadCodecs([DeflateCodec()]), "it is encoded by aes-gcm:a, and this process has no codec aes-gcm"),
            (
                try PayloadCodecs([AESGCMCodec(keys: ["b": Keys.new], current: "b")]),
                "it is encoded by aes-gcm:a, and the key a is not among those of this process"
            ),
            (
                try PayloadCodecs([AESGCMCodec(keys: ["a": Keys.new], current: "a")]),
                "and the key a of this process does not open it"
            ),
        ]
        for (codecs, words) in cases {
            let error = #expect(throws: DurableError.self) {
                try PayloadCoder(codecs: codecs).decode(Card.self, from: stored)
            }
            #expect(error?.code == .undecodable)
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
            #expect(error.map { String(reflecting: $0).contains("4111-1111") } == false)
        }
        for damaged in [Array(stored.dropLast(4)), Array(#"{"$durable":"encoded","by":"x"#.utf8)] {
            let error = #expect(throws: DurableError.self) { try coder.decode(Card.self, from: damaged) }
            #expect(error?.message.contains("the envelope of its encoding is damaged") == true)
        }
    }

    @Test func `what is compressed comes back, and what is not worth it stays`() throws {
        let codec = DeflateCodec()
        let long = [UInt8](repeating: 65, count: 1_000_000)
        let compressed = try #require(try codec.encode(long))
        #expect(compressed.bytes.count < 10_000)
        #expect(try codec.decode(compressed.bytes, key: nil) == long)
        #expect(try codec.encode(Array("short".utf8)) == nil)
        var noise = SystemRandomNumberGenerator()
        #expect(try codec.encode((0..<2_000).map { _ in UInt8.random(in: 0...255, using: &noise) }) == nil)
        for damaged in [[], [0, 0, 1], compressed.bytes.dropLast(9) + [], [255, 255, 255, 255, 1, 2, 3]] as [[UInt8]] {
            #expect(throws: PayloadCodecFailure.self) { try codec.decode(damaged, key: nil) }
        }
    }

    @Test func `chains, keys and names that make no sense are refused in words`() throws {
        func message(_ body: () throws -> Void) -> String? {
            #expect(throws: DurableError.self, performing: body)?.message
        }
        #expect(
            message { _ = try PayloadCodecs([Rotated(), Rotated()]) } == #"two payload codecs are called "rotated""#
        )
        for name in ["", "Upper", "with space", "colon:", String(repeating: "x", count: 33)] {
            #expect(message { _ = try PayloadCodecs([Rotated(name: name)]) }?.contains("\"\(name)\"") == true)
        }
        #expect(
            message { _ = try AESGCMCodec(keys: [:], current: "a") }?.contains("\"a\" is not among the keys") == true
        )
        let short = SymmetricKey(data: [1, 2, 3])
        #expect(message { _ = try AESGCMCodec(keys: ["a": short], current: "a") }?.contains("has 24 bits") == true)
        let coder = PayloadCoder(codecs: try PayloadCodecs([Rotated(key: #"a","value":""#)]))
        #expect(
            message { _ = try coder.encode(1, as: "the input", of: PayloadSubject(.input)) }?.contains("key id") == true
        )
    }
}

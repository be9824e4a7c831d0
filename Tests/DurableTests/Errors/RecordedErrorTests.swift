// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Durable

@Suite struct RecordedErrorTests {
    struct CardRefused: Error, Codable, Equatable {
        var reason: String
        var amount: Decimal = 12.5
    }
    enum Plain: String, Error { case declined }
    struct Lossy: Error, Codable {
        var value: Double
        init(value: Double) { self.value = value }
        init(from decoder: any Decoder) throws {
            throw DecodingError.dataCorrupted(DecodingError.Context(codingPath: [], debugDescription: ""))
        }
    }
    private struct Hidden: Error {}

    private let types: [any (Error & Codable).Type] = [Lossy.self, CardRefused.self]

    /// Live.
    ///
    /// From the record that was just made. Replay: from what the database gives back.
    private func thrown(_ error: any Error, attempt: Int? = 3) throws -> (live: any Error, replayed: any Error) {
        let recorded = RecordedError(recording: error, attempt: attempt, declared: self.types)
        let read = try RecordedError(decoding: recorded.encode())
        #expect(read == recorded)
        return (try recorded.thrown(declared: self.types), try read.thrown(declared: self.types))
    }

    @Test(arguments: ["stolen", "\0", "é😀\u{FFFF}", #"a","value":{}"#, "\\u0000"])
    func `a declared type is thrown as itself, live and on replay`(reason: String) throws {
        let error = CardRefused(reason: reason)
        let thrown = try self.thrown(error)
        #expect(thrown.live as? CardRefused == error)
        #expect(thrown.replayed as? CardRefused == error)
    }

    @Test func `any other type is thrown as a failure that says the same, live and on replay`() throws {
        let thrown = try self.thrown(Plain.declined)
        let failure = StepFailure(
            type: "DurableTests.RecordedErrorTests.Plain",
            message: "declined",
            attempt: 3,
            code: "declined"
        )
        #expect(thrown.live as? StepFailure == failure)
        #expect(thrown.replayed as? StepFailure == failure)
        #expect(failure.description == "DurableTests.RecordedErrorTests.Plain: declined")
        let undeclared = RecordedError(recording: CardRefused(reason: "x"))
        #expect(undeclared.payload == nil)
        #expect(try undeclared.thrown(declared: self.types) is StepFailure)
    }

    @Test func `the record is readable in the database`() {
        let recorded = RecordedError(recording: CardRefused(reason: "stolen"), attempt: 2, declared: self.types)
        #expect(
            String(decoding: recorded.encode(), as: UTF8.self)
                == #"{"attempt":2,"message":"CardRefused(reason: \"stolen\", amount: 12.5)","#
                + #""type":"DurableTests.RecordedErrorTests.CardRefused","value":{"amount":12.5,"reason":"stolen"}}"#
        )
    }

    @Test func `what wraps an error to steer retries is not what is recorded`() throws {
        let error = CardRefused(reason: "x")
        #expect(try self.thrown(NonRetryable(RetryAfter(.seconds(1), error))).replayed as? CardRefused == error)
        #expect(RecordedError(recording: RetryAfter(.zero, Plain.declined)).message == "declined")
    }

    @Test func `a failure of a step inside keeps its type, message and code`() throws {
        let inner = StepFailure(type: "Shop.Gone", message: "gone", attempt: 1, code: "G1")
        #expect(try self.thrown(inner, attempt: nil).replayed as? StepFailure == inner)
    }

    @Test func `a declared value that cannot be written or read back is recorded as a failure`() throws {
        #expect(try self.thrown(Lossy(value: 1)).live is StepFailure)
        #expect(try self.thrown(Lossy(value: .nan)).replayed is StepFailure)
        let large = CardRefused(reason: String(repeating: "x", count: 5000))
        let recorded = RecordedError(recording: large, declared: self.types, coder: PayloadCoder(limit: 1000))
        #expect(recorded.payload == nil)
    }

    @Test func `messages are cut between characters and hold no U+0000`() throws {
        struct Talkative: Error, CustomStringConvertible { var description: String }
        let message = RecordedError(recording: Talkative(description: String(repeating: "é😀", count: 3000))).message
        #expect(message.utf8.count <= 4096 && message.utf8.count > 4088)
        #expect(message.hasSuffix("…") && message.hasPrefix("é😀é"))
        #expect(RecordedError(recording: Talkative(description: "a\0b")).message == "ab")
        struct Localized: LocalizedError { var errorDescription: String? { "for people" } }
        #expect(RecordedError(recording: Localized()).message == "for people")
    }

    @Test func `type names are the same in every process`() {
        struct Local: Error {}
        #expect(!RecordedError(recording: Local()).type.contains("context"))
        #expect(RecordedError(recording: Local()).type.hasSuffix(".Local"))
        #expect(RecordedError(recording: Hidden()).type == "DurableTests.RecordedErrorTests.Hidden")
        #expect(RecordedError(recording: DurableError(.superseded, "late")).code == "superseded")
    }

    @Test func `a recorded value that no longer fits its declared type is undecodable`() {
        let recorded = RecordedError(
            type: "DurableTests.RecordedErrorTests.CardRefused",
            message: "",
            payload: [UInt8](#"{"reason":1}"#.utf8)
        )
        let error = #expect(throws: DurableError.self) { try recorded.thrown(declared: self.types) }
        #expect(error?.code == .undecodable)
        #expect(throws: DurableError.self) { try RecordedError(decoding: [UInt8]("7".utf8)) }
    }

    @Test func `a record written by hand is read`() throws {
        let json = #" { "value" : { "reason" : "x", "amount" : 1 } , "message" : "m" , "type" : "T" } "#
        let recorded = try RecordedError(decoding: [UInt8](json.utf8))
        #expect(
            recorded
                == RecordedError(type: "T", message: "m", payload: [UInt8](#"{ "reason" : "x", "amount" : 1 }"#.utf8))
        )
    }
}

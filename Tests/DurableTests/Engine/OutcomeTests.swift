// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct OutcomeTests {
    private struct Refused: Error, Codable, Equatable { var reason: String }

    private func value<T: Decodable>(
        _ outcome: Outcome,
        as type: T.Type = T.self,
        failures: [any (Error & Codable & Sendable).Type] = []
    ) throws -> T {
        try outcome.value(as: type, of: "w-1", coder: PayloadCoder(), failures: failures)
    }

    @Test func `a result comes back as it was written, and nothing as nothing`() throws {
        #expect(try self.value(Outcome(status: .succeeded, output: [UInt8]("[1,2]".utf8))) == [1, 2])
        #expect(try self.value(Outcome(status: .succeeded, output: nil)) == Nothing())
        #expect(try self.value(Outcome(status: .succeeded, output: [UInt8]("null".utf8)), as: Int?.self) == nil)
    }

    @Test func `a result that does not fit the type is an error that says so`() throws {
        let error = try #require(throws: DurableError.self) {
            try self.value(Outcome(status: .succeeded, output: [UInt8]("\"x\"".utf8)), as: Int.self)
        }
        #expect(error.code == .undecodable)
    }

    @Test func `a declared error is thrown as itself, any other as workflowFailed with the failure beneath`() throws {
        let recorded = RecordedError(recording: Refused(reason: "expired"), declared: [Refused.self])
        let outcome = Outcome(status: .failed, error: recorded.encode())
        #expect(throws: Refused(reason: "expired")) { try self.value(outcome, as: Int.self, failures: [Refused.self]) }
        let error = try #require(throws: DurableError.self) { try self.value(outcome, as: Int.self) }
        #expect(error.code == .workflowFailed)
        #expect(error.workflow == "w-1")
        #expect(error.message.hasPrefix("the workflow failed: "))
        #expect(error.message.contains("Refused"))
        let failure = try #require(error.underlying as? StepFailure)
        #expect(failure.type.hasSuffix("Refused"))
    }

    @Test func `a cancelled workflow has no result`() throws {
        let error = try #require(throws: DurableError.self) {
            try self.value(Outcome(status: .cancelled), as: Int.self)
        }
        #expect(error.code == .workflowCancelled)
    }

    @Test func `a failure of which nothing is recorded is told all the same`() throws {
        let error = try #require(throws: DurableError.self) { try self.value(Outcome(status: .failed), as: Int.self) }
        #expect(error.message == "the workflow failed: nothing is recorded of the error")
    }
}

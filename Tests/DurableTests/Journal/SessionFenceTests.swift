// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Durable

/// How writes are fenced, without a database.
@Suite struct SessionFenceTests {
    private let executor = Self.identity(1)

    private static func identity(_ epoch: Int32) -> ExecutorIdentity {
        ExecutorIdentity(id: UUID(), number: 7, epoch: epoch, server: 1, name: "x")
    }

    private func held() -> SessionFence {
        var fence = SessionFence(backend: 41)
        fence.answered("proof", for: self.executor)
        return fence
    }

    @Test func `the first write asks its session, and those behind the answer ask only whether it holds`() {
        let fence = SessionFence(backend: 41)
        #expect(fence.way(for: self.executor) == .callAndHold(backend: 41))
        #expect(fence.way(for: self.executor) == .callAndHold(backend: 41), "the first one was not written")
        #expect(self.held().way(for: self.executor) == .held(proof: "proof"))
    }

    @Test func `a session that is not the process's own is asked once`() {
        var fence = SessionFence(backend: 41)
        fence.answered(nil, for: self.executor)
        #expect(fence.way(for: self.executor) == .call)
        #expect(fence.way(for: Self.identity(2)) == .call)
    }

    @Test func `another identity of the process asks for itself`() {
        #expect(self.held().way(for: Self.identity(2)) == .callAndHold(backend: 41))
    }

    @Test func `a session that has forgotten its fence is not believed again`() {
        var fence = self.held()
        fence.forgotten()
        #expect(fence.way(for: self.executor) == .call)
    }
}

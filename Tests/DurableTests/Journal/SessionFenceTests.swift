// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Durable

/// How lone checkpoints are fenced, without a database.
@Suite struct SessionFenceTests {
    private let executor = Self.identity(1)

    private static func identity(_ epoch: Int32) -> ExecutorIdentity {
        ExecutorIdentity(id: UUID(), number: 7, epoch: epoch, server: 1, name: "x")
    }

    private func held() -> SessionFence {
        var fence = SessionFence(backend: 41)
        _ = fence.next(for: self.executor)
        fence.answered("proof", for: self.executor)
        return fence
    }

    @Test func `the first checkpoint asks its session, and those behind the answer call no fence`() {
        var fence = SessionFence(backend: 41)
        #expect(fence.next(for: self.executor) == .callAndHold(backend: 41))
        #expect(fence.next(for: self.executor) == .call, "the answer is not there")
        fence.answered("proof", for: self.executor)
        #expect(fence.next(for: self.executor) == .held(proof: "proof"))
    }

    @Test func `a session that is not the writer's own is asked once`() {
        var fence = SessionFence(backend: 41)
        _ = fence.next(for: self.executor)
        fence.answered(nil, for: self.executor)
        #expect(fence.next(for: self.executor) == .call)
        #expect(fence.next(for: Self.identity(2)) == .call)
    }

    @Test func `another identity of the process asks for itself`() {
        var fence = self.held()
        #expect(fence.next(for: Self.identity(2)) == .callAndHold(backend: 41))
    }

    @Test func `a question whose checkpoint was not written is asked again`() {
        var fence = SessionFence(backend: 41)
        let way = fence.next(for: self.executor)
        fence.failed(way)
        #expect(fence.next(for: self.executor) == .callAndHold(backend: 41))
    }

    @Test func `a session that has forgotten its fence is not believed again, and other batches say nothing of it`() {
        var fence = self.held()
        fence.failed(.call)
        #expect(fence.next(for: self.executor) == .held(proof: "proof"))
        fence.failed(.held(proof: "proof"))
        #expect(fence.next(for: self.executor) == .call)
    }
}

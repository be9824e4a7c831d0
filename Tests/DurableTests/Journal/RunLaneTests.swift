// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Durable

@Suite struct RunLaneTests {
    private struct Refused: Error, Equatable {}

    private func lane() -> RunLane {
        RunLane(
            workflow: "w",
            token: 1,
            executor: ExecutorIdentity(id: UUID(), number: 1, epoch: 1, server: 1, name: "x")
        )
    }

    /// What a waiter was told, as a word.
    private static func word(_ outcome: Result<Void, any Error>) -> String {
        switch outcome {
        case .success: "durable"
        case .failure(let error): "\(type(of: error))"
        }
    }

    @Test func `each waiter is told once, when its row and all before are durable`() {
        let lane = self.lane()
        let told = Recorder<String>()
        #expect(lane.submit() == 1)
        #expect(lane.submit() == 2)
        #expect(lane.submit() == 3)
        #expect(lane.lastTicket == 3)
        for ticket in [3, 1, 2] { lane.whenDurable(ticket) { told.record("\(ticket) \(Self.word($0))") } }
        lane.acknowledge(1)
        #expect(told.all == ["1 durable"])
        lane.acknowledge(2)
        #expect(told.all == ["1 durable", "3 durable", "2 durable"])
        lane.whenDurable(2) { told.record("late \(Self.word($0))") }
        #expect(told.all.last == "late durable")
        lane.acknowledge(0)
        #expect(told.all.count == 4)
    }

    @Test func `a lane that has failed takes no more rows, tells everybody why, and keeps what was durable`() {
        let lane = self.lane()
        let told = Recorder<String>()
        _ = lane.submit()
        _ = lane.submit()
        lane.acknowledge(1)
        lane.whenDurable(2) { told.record(Self.word($0)) }
        lane.fail(Refused())
        lane.fail(SupersededRun())
        #expect(told.all == ["Refused"])
        #expect(lane.failure is Refused, "the first reason counts")
        #expect(lane.submit() == nil)
        lane.whenDurable(1) { told.record(Self.word($0)) }
        lane.whenDurable(2) { told.record(Self.word($0)) }
        #expect(told.all == ["Refused", "durable", "Refused"])
    }

    @Test func `waiters that are abandoned leave the lane open for its last rows`() {
        let lane = self.lane()
        let told = Recorder<String>()
        _ = lane.submit()
        lane.whenDurable(1) { told.record(Self.word($0)) }
        lane.abandonWaiters(WorkflowInterruption(.shutdown))
        #expect(told.all == ["WorkflowInterruption"])
        #expect(lane.failure == nil)
        #expect(lane.submit() == 2)
        lane.whenDurable(2) { told.record(Self.word($0)) }
        lane.acknowledge(2)
        #expect(told.all == ["WorkflowInterruption", "durable"])
    }

    @Test func `a task that waits is woken by the acknowledgement, whenever that comes`() async throws {
        for _ in 0..<200 {
            let lane = self.lane()
            let ticket = try #require(lane.submit())
            async let waits: Void = lane.waitUntilDurable(ticket)
            lane.acknowledge(1)
            try await waits
        }
    }

    @Test func `lanes have numbers of their own`() {
        #expect(Set((0..<100).map { _ in self.lane().number }).count == 100)
    }
}

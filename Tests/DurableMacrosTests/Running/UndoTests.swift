// SPDX-License-Identifier: Apache-2.0

import DurableMacros
import DurableTesting
import Synchronization
import TestSupport
import Testing

/// Books, and fails: what it has booked is undone.
@Workflow
struct Trip {
    struct SoldOut: Error {}

    let undone: UndoneParts

    func run(in workflow: WorkflowContext) async throws {
        _ = try await self.flight("LIS", in: workflow) { flight, _ in
            self.undone.add("flight \(flight ?? "unknown")")
        }
        _ = try await self.seat(4, in: workflow) { seat, transaction in
            try await transaction.execute("SELECT 1")
            self.undone.add("seat \(seat)")
        }
        try await self.insurance(in: workflow, undo: { _ in self.undone.add("insurance") })
        try await self.hotel(in: workflow)
    }

    @Step
    func flight(_ to: String, in step: StepContext) async throws -> String { "to \(to)" }

    @Transaction
    func seat(_ row: Int, in transaction: Transaction) async throws -> Int {
        try await transaction.execute("SELECT 1")
        return row
    }

    @Step(undoRetry: .never)
    func insurance(in step: StepContext) async throws {}

    @Step(retry: .never)
    func hotel(in step: StepContext) async throws { throw SoldOut() }
}

/// What was undone, in order.
final class UndoneParts: Sendable {
    private let parts = Mutex<[String]>([])

    func add(_ part: String) { self.parts.withLock { $0.append(part) } }

    var all: [String] { self.parts.withLock { $0 } }
}

@Suite struct UndoTests {
    @Test func `what annotated steps have done is undone when the workflow fails`() async throws {
        let undone = UndoneParts()
        try await withTestDatabase { database in
            try await database.withEngine([Trip(undone: undone)]) { engine in
                let handle = try await engine.start(Trip.self, id: "a")
                await #expect(throws: (any Error).self) { try await handle.result() }
            }
        }
        #expect(undone.all == ["insurance", "seat 4", "flight to LIS"])
    }
}

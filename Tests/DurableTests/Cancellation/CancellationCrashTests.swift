// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

/// A request to cancel, and the death of the process that carries it out.
@Suite struct CancellationCrashTests {
    @Test func `a process that dies before its clean-up is recorded leaves the request to the next one`() async throws {
        let done = Recorder<String>()
        let program = Plain<Nothing> { _, workflow in
            try await workflow.step("a") { _ in
                1
            } undo: { value, _ in
                done.record("a \(value ?? 0)")
            }
            // In memory: nothing of it is on its way to the database when the request comes.
            try await workflow.sleep(for: .seconds(25))
            return Nothing()
        }
        try await withDatabase { database in
            let gate = ConnectionGate()
            var configuration = database.configuration
            configuration.gate = gate
            let options = EngineOptions.test.with { options in
                var hooks = options.hooks ?? EngineHooks()
                hooks.probe = CutBeforeCleanUp(gate: gate)
                options.hooks = hooks
            }
            try await database.withEngine([program], options, configuration: configuration) { engine in
                let handle = try await engine.start(Plain<Nothing>.self, id: "a")
                try await eventually("it sleeps") { try await database.journal(of: "a").count == 2 }
                #expect(try await handle.cancel(reason: "no") == .requested)
                try await eventually("its process is cut off") { gate.isClosed }
            }
            try await database.execute("SELECT durable.take_over(number, true) FROM durable.executor")
            try await database.withEngine([program]) { engine in
                try await expectCancelled(try await engine.handle(Plain<Nothing>.self, id: "a"), "no")
            }
            #expect(done.all == ["a 1"])
            try await eventually("the request is gone") {
                try await database.text("SELECT count(*)::text FROM durable.cancellation") == "0"
            }
        }
    }
}

/// Cuts every connection of a process when it is about to record that a clean-up has begun.
private struct CutBeforeCleanUp: DurabilityProbe {
    let gate: ConnectionGate

    var isCut: Bool { self.gate.isClosed }

    func willCommit(_ points: [DurablePoint]) {
        let isHit = points.contains { point in
            guard case .record(let place, _, _, _) = point.what else { return false }
            return place.scope == ScopePath.undo
        }
        if isHit { self.gate.close() }
    }

    func didCommit(_ points: [DurablePoint]) {}
}

// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Foundation
import Testing

@Suite struct VirtualClockTests {
    @Test func `a workflow that sleeps for three days ends at once when time skips`() async throws {
        let world = World()
        let began = ContinuousClock.now
        try await withTestEngine([Reminder(world: world)], clock: .skipping) { test in
            let before = try await test.clock.now
            #expect(try await test.run(Reminder.self, "ada") == "reminded ada")
            #expect(try await test.clock.now.timeIntervalSince(before) >= 3 * 86_400)
        }
        #expect(world.effects == ["welcome ada", "remind ada"])
        #expect(ContinuousClock.now - began < .seconds(3_600), "three days")
    }

    @Test func `time stands still for sleepers until the test moves it, and then goes exactly as far as it says`()
        async throws
    {
        let world = World()
        try await withTestEngine([Reminder(world: world)]) { test in
            try await test.start(Reminder.self, "ada", id: "r")
            try await test.wait(for: .waiting, of: "r")
            try await test.clock.advance(by: .seconds(3 * 86_400 - 600))
            #expect(world.effects == ["welcome ada"])
            try await test.clock.advance(by: .seconds(600))
            #expect(world.effects == ["welcome ada", "remind ada"])
            #expect(try await test.result(of: Reminder.self, "r") == "reminded ada")
        }
    }

    @Test func `timers go off in order and each at its own time, however far time is moved at once`() async throws {
        let world = World()
        try await withTestEngine([Naps(world: world)]) { test in
            for days in [5, 1, 4, 2, 3] { try await test.start(Naps.self, days, id: "n\(days)") }
            try await test.clock.advance(by: .seconds(30 * 86_400))
            #expect(world.effects == ["1", "2", "3", "4", "5"])
            for days in 1...5 {
                let slept = try await test.result(of: Naps.self, "n\(days)")
                #expect(abs(slept - Double(days) * 86_400) < 3_600, "\(days) days took \(slept) s")
            }
        }
    }

    @Test func `pauses between attempts are skipped like sleeps`() async throws {
        let world = World()
        let standIns = StandIns()
        standIns.step("charge", occurrence: 1, .fails(with: Outage(), times: 4))
        try await withTestEngine([Payment(world: world)], clock: .skipping, standIns: standIns) { test in
            let parts = try await test.run(Payment.self, 5)
            #expect(parts == ["charged-5", "charged-1", "confirmed after nothing"])
        }
    }

    @Test func `the deadline of a workflow goes off while its step hangs`() async throws {
        let standIns = StandIns()
        standIns.step("wait", .hangs)
        try await withTestEngine([Tardy()], standIns: standIns) { test in
            let handle = try await test.start(Tardy.self, id: "t")
            // Long before, since real time goes by as well.
            try await test.clock.advance(by: .seconds(1800))
            try await test.wait(for: .running, of: "t")
            try await test.clock.advance(by: .seconds(1801))
            await #expect(throws: DurableError.self) { try await handle.result() }
            let status = try await handle.status()
            #expect(status.error?.type == "WorkflowTimeout")
        }
    }

    @Test func `a living engine keeps its lease over years, and a dead one loses it`() async throws {
        let world = World()
        try await withTestEngine([Reminder(world: world)]) { test in
            try await test.start(Reminder.self, "ada", id: "r")
            try await test.wait(for: .waiting, of: "r")
            let number = try #require(try test.engine.executorNumber)
            try await test.clock.advance(by: .seconds(2 * 86_400))
            #expect(try test.engine.executorNumber == number)
        }
        let standIns = StandIns()
        standIns.step("remind", .hangs)
        try await withTestEngine([Reminder(world: world)], standIns: standIns) { test in
            try await test.start(Reminder.self, "bob", id: "r")
            try await test.clock.advance(by: .seconds(3 * 86_400))
            let end = ContinuousClock.now + .seconds(60)
            // The step hangs, from when it has begun.
            while !standIns.unmet.isEmpty, .now < end { try await Task.sleep(for: .milliseconds(5)) }
            try await test.crash(proven: false)
            standIns.step("remind", .returns)
            try await test.boot([Reminder(world: world)])
            #expect(try await test.engine.handle(Reminder.self, id: "r").status().state == .running)
            try await test.clock.advance(by: .seconds(60))
            #expect(try await test.result(of: Reminder.self, "r") == "reminded bob")
        }
    }

    @Test func `time does not go back`() async throws {
        try await withTestEngine([Tardy()]) { test in
            let error = await #expect(throws: TestFailure.self) { try await test.clock.advance(by: .seconds(-1)) }
            #expect("\(error, default: "none")" == "time does not go back: advance(by: -1.0 seconds)")
        }
    }
}

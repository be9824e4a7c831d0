// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Testing

@Suite struct StandInTests {
    @Test func `a stand-in returns instead of the body, for the step of that name and occurrence`() async throws {
        let world = World()
        let standIns = StandIns()
        standIns.step("charge", occurrence: 2, .returns("pretended"))
        try await withTestEngine([Payment(world: world)], standIns: standIns) { test in
            let parts = try await test.run(Payment.self, 5)
            #expect(parts == ["charged-1", "pretended", "confirmed after nothing"])
        }
        #expect(world.effects == ["charge, attempt 1"])
    }

    @Test func `a stand-in fails so many times, and then the body works, without delays where they are off`()
        async throws
    {
        let world = World()
        let standIns = StandIns()
        standIns.step("charge", occurrence: 2, .fails(with: Outage(), times: 3))
        standIns.step("confirm", .timesOut(times: 1))
        let options = EngineOptions.testing.withoutRetryDelays()
        try await withTestEngine([Payment(world: world)], options: options, standIns: standIns) { test in
            let parts = try await test.run(Payment.self, 5)
            #expect(parts == ["charged-1", "charged-4", "confirmed after Durable.StepTimeout"])
        }
        #expect(world.effects == ["charge, attempt 1", "charge, attempt 4"])
    }

    @Test func `a stand-in for every attempt makes the step fail for good`() async throws {
        let standIns = StandIns()
        standIns.step("confirm", .fails(with: Outage()))
        let options = EngineOptions.testing.withoutRetryDelays()
        try await withTestEngine([Payment(world: World())], options: options, standIns: standIns) { test in
            let error = await #expect(throws: DurableError.self) { try await test.run(Payment.self, 5) }
            #expect("\(error, default: "none")".contains("the line is dead"))
        }
    }

    @Test func `a stand-in that no step meets fails the test, and says which`() async throws {
        let standIns = StandIns()
        standIns.step("charge", .returns("pretended"))
        standIns.step("chrage", .returns("pretended"))
        standIns.step("charge", occurrence: 3, .returns("pretended"))
        let error = await #expect(throws: TestFailure.self) {
            try await withTestEngine([Payment(world: World())], standIns: standIns) { test in
                try await test.run(Payment.self, 5)
            }
        }
        #expect(
            "\(error, default: "none")"
                == "no step met the stand-in for \"chrage\", \"charge#3\": is that what the step is called?"
        )
    }

    @Test func `a stand-in of another type than the step's is said in words`() async throws {
        let standIns = StandIns()
        standIns.step("charge", .returns(5))
        try await withTestEngine([Payment(world: World())], standIns: standIns) { test in
            let error = await #expect(throws: DurableError.self) { try await test.run(Payment.self, 5) }
            #expect(
                "\(error, default: "none")".contains(
                    "the stand-in for step \"charge\" returns Int, and it must return String"
                )
            )
        }
    }

    @Test func `a workflow that does not end in time is explained: state, step, error, history`() async throws {
        let standIns = StandIns()
        standIns.step("charge", occurrence: 2, .fails(with: Outage()))
        try await withTestEngine([Payment(world: World())], standIns: standIns) { test in
            try await test.start(Payment.self, 5, id: "p")
            try await test.wait(for: .waiting, of: "p")
            let error = await #expect(throws: TestFailure.self) {
                try await test.result(of: Payment.self, "p", within: .milliseconds(500))
            }
            let words = "\(error, default: "none")"
            #expect(
                words.contains("waited for its end, which did not come within 0.5 seconds: p: workflow \"payment\"")
            )
            #expect(words.contains("waiting for attempt 2 of step charge#2"))
            #expect(words.contains("0 step charge recorded"))
            #expect(words.contains("1 step charge#2 retrying"))
            #expect(words.contains("Outage: the line is dead)"))
        }
    }

    @Test func `waiting for a step that will not come ends with the workflow`() async throws {
        try await withTestEngine([Payment(world: World())]) { test in
            try await test.start(Payment.self, 5, id: "p")
            try await test.wait(forStep: "charge#2", of: "p")
            let error = await #expect(throws: TestFailure.self) { try await test.wait(forStep: "refund", of: "p") }
            #expect(
                "\(error, default: "none")".hasPrefix(
                    "waited for the end of step \"refund\", and that will not come: p: workflow \"payment\" is succeeded"
                )
            )
        }
    }
}

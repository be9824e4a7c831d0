// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import XCTest

/// The kit throws what is wrong, so it works in XCTest as it does in Swift Testing.
final class ReminderTests: XCTestCase {
    func testAReminderGoesOutAfterThreeDays() async throws {
        let world = World()
        try await withTestEngine([Reminder(world: world)], clock: .skipping) { test in
            try await test.run(Reminder.self, "ada")
        }
        XCTAssertEqual(world.effects, ["welcome ada", "remind ada"])
    }

    func testAStandInThatIsNeverMetFailsTheTest() async throws {
        let standIns = StandIns()
        standIns.step("remnid", .returns)
        do {
            try await withTestEngine([Reminder(world: World())], clock: .skipping, standIns: standIns) { test in
                try await test.run(Reminder.self, "ada")
            }
            XCTFail("no error")
        } catch let failure as TestFailure {
            XCTAssertEqual(
                failure.description,
                "no step met the stand-in for \"remnid\": is that what the step is called?"
            )
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct AttendanceTests {
    @Test func `a thread waits for commits itself while they are quick`() {
        var attendance = Attendance(processors: 2)
        let answers = (0..<1000).map { _ in attendance.isWorthwhile() }
        #expect(answers.allSatisfy { $0 })
    }

    @Test func `after a slow commit the poller waits for a while`() {
        var attendance = Attendance(processors: 2)
        attendance.wasInVain()
        let answers = (0...Attendance.pause).map { _ in attendance.isWorthwhile() }
        #expect(answers.dropLast().allSatisfy { !$0 })
        #expect(answers.last == true)
    }

    @Test func `on one processor no thread is kept waiting`() {
        var attendance = Attendance(processors: 1)
        let isWorthwhile = attendance.isWorthwhile()
        #expect(!isWorthwhile)
    }
}

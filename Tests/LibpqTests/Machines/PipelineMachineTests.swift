// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Libpq

struct PipelineMachineTests {
    private var machine = PipelineMachine()

    private mutating func feed(_ events: [PipelineMachine.Event]) -> [PipelineMachine.Action] {
        events.map { self.machine.received($0) }.filter { $0 != .none }
    }

    @Test mutating func `answers are told apart by their statement and end with the sync`() {
        self.machine.sent([.prepare(statement: 0), .execute(statement: 0), .execute(statement: 1)])
        #expect(
            self.feed([.success, .end, .success, .end, .success, .end])
                == [.prepared(statement: 0), .answered(statement: 0), .answered(statement: 1)]
        )
        #expect(!self.machine.isIdle)
        #expect(self.feed([.sync]) == [.finished])
        #expect(self.machine.isIdle)
    }

    @Test mutating func `only the sync completes a request`() {
        self.machine.sent([.execute(statement: 0)])
        #expect(self.feed([.success, .end, .end, .end]) == [.answered(statement: 0)])
        #expect(!self.machine.isIdle)
    }

    @Test mutating func `the first error is reported and the rest is skipped`() {
        self.machine.sent([
            .execute(statement: 0), .prepare(statement: 1), .execute(statement: 1), .execute(statement: 2),
        ])
        #expect(
            self.feed([.success, .end, .error, .end, .aborted, .end, .aborted, .end, .sync])
                == [.answered(statement: 0), .failed(statement: 1, step: .prepare(statement: 1)), .finished]
        )
        #expect(self.machine.isIdle)
    }

    @Test mutating func `requests are answered in the order in which they were sent`() {
        self.machine.sent([.execute(statement: 0)])
        self.machine.sent([.execute(statement: 0), .execute(statement: 1)])
        #expect(
            self.feed([.error, .end, .sync, .success, .end, .success, .end, .sync])
                == [
                    .failed(statement: 0, step: .execute(statement: 0)), .finished, .answered(statement: 0),
                    .answered(statement: 1), .finished,
                ]
        )
    }

    @Test mutating func `what does not fit is a violation`() {
        #expect(self.feed([.end]).isEmpty)
        #expect(self.feed([.success]).count == 1)
        self.machine.sent([.execute(statement: 0)])
        #expect(self.feed([.sync]) == [.violation("the request ended after 0 of 1 answers")])
        #expect(self.feed([.success, .success]).last == .violation("more answers came than commands were sent"))
        #expect(self.feed([.unsupported]) == [.violation("the statement starts a COPY, which is not supported")])
    }
}

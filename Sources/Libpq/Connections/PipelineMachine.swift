// SPDX-License-Identifier: Apache-2.0

import DequeModule

/// The bookkeeping of the pipeline protocol: which request and which statement the next result answers.
///
/// Pure: results come in as events, what to do about them goes out. libpq reports for each command one result and then the end of
/// its results; after an error it reports the rest of the request as aborted; each request ends with the result of its Sync.
struct PipelineMachine {
    /// One command of a request.
    enum Step: Equatable {
        /// Prepares the text of the statement at this index.
        case prepare(statement: Int)
        /// Runs the statement at this index.
        case execute(statement: Int)
    }

    enum Event: Equatable {
        /// The command succeeded, with or without rows.
        case success
        /// The server refused it.
        case error
        /// It was skipped because an earlier one failed.
        case aborted
        /// The end of the command's results.
        case end
        /// The end of the request; only now it is known whether it was committed.
        case sync
        /// A result that belongs to no command that this driver sends (COPY).
        case unsupported
    }

    enum Action: Equatable {
        case none
        /// The statement's text is prepared from now on.
        case prepared(statement: Int)
        /// The result is the statement's answer.
        case answered(statement: Int)
        /// The result is the request's first error.
        case failed(statement: Int, step: Step)
        /// The oldest request is complete.
        case finished
        /// Reality and bookkeeping have parted; the connection cannot be used any more.
        case violation(String)
    }

    private struct Request {
        let steps: [Step]
        var next = 0
        var isAnswered = false
        var hasFailed = false
    }

    private var requests: Deque<Request> = []

    /// Whether any request still waits for its end.
    var isIdle: Bool { self.requests.isEmpty }

    /// A request with these commands and a Sync was handed to libpq.
    mutating func sent(_ steps: [Step]) {
        self.requests.append(Request(steps: steps))
    }

    mutating func received(_ event: Event) -> Action {
        guard !self.requests.isEmpty else {
            return event == .end ? .none : .violation("a result came that nothing was sent for")
        }
        switch event {
        case .end:
            if self.requests[0].isAnswered {
                self.requests[0].isAnswered = false
                self.requests[0].next += 1
            }
            return .none
        case .sync:
            let request = self.requests[0]
            guard request.next == request.steps.count, !request.isAnswered else {
                return .violation("the request ended after \(request.next) of \(request.steps.count) answers")
            }
            self.requests.removeFirst()
            return .finished
        case .unsupported:
            return .violation("the statement starts a COPY, which is not supported")
        case .success, .error, .aborted:
            return self.answer(event)
        }
    }

    private mutating func answer(_ event: Event) -> Action {
        guard self.requests[0].next < self.requests[0].steps.count, !self.requests[0].isAnswered else {
            return .violation("more answers came than commands were sent")
        }
        let step = self.requests[0].steps[self.requests[0].next]
        self.requests[0].isAnswered = true
        switch (event, step) {
        case (.success, .prepare(let statement)):
            return .prepared(statement: statement)
        case (.success, .execute(let statement)):
            return .answered(statement: statement)
        case (.error, .prepare(let statement)), (.error, .execute(let statement)):
            // A server reports one error per request; a second one would hide the cause.
            if self.requests[0].hasFailed { return .none }
            self.requests[0].hasFailed = true
            return .failed(statement: statement, step: step)
        default:
            return .none
        }
    }
}

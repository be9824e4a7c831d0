// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// An attempt of a step that runs now: what its ``StepContext`` tells, and `durable.activity`.
final class RunningAttempt: Sendable {
    let run: Run
    let call: LiveCall
    /// From 1.
    let number: Int
    /// What the attempt before this one threw.
    let previousError: StepFailure?
    let deadline: ContinuousClock.Instant?
    /// By the database's clock.
    let startedAt: Int64
    private let streams = Mutex<[String: StepStream]>([:])

    init(
        _ call: LiveCall,
        number: Int,
        after previousError: StepFailure?,
        deadline: ContinuousClock.Instant?,
        run: Run,
        startedAt: Int64
    ) {
        self.run = run
        self.call = call
        self.number = number
        self.previousError = previousError
        self.deadline = deadline
        self.startedAt = startedAt
    }

    func stream(_ name: String) -> StepStream {
        self.streams.withLock { streams in
            if let stream = streams[name] { return stream }
            let stream = StepStream(name, at: self.call.place, of: self.run)
            streams[name] = stream
            return stream
        }
    }

    /// Hands over what the step has appended, so that it is durable before the step's record.
    func flushStreams() {
        for stream in self.streams.withLock({ Array($0.values) }) { stream.flush() }
    }
}

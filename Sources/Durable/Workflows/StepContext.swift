// SPDX-License-Identifier: Apache-2.0

public import Logging

/// What the body of a step is given: who it is, which attempt this is, and the key that makes its effect safe to repeat.
///
/// A step runs at least once. Hand `idempotencyKey` to the service that it calls, and the effect happens once.
public struct StepContext: Sendable {
    /// The id of the workflow.
    public var workflow: String { self.running.run.id }
    /// The step as people see it: `charge`, or `charge#2` for the second of that name in its scope.
    public var step: String { self.running.call.label }
    /// Which attempt this is, from 1.
    ///
    /// Attempts before a crash count.
    public var attempt: Int { self.running.number }
    /// What the attempt before this one threw, if there was one.
    public var previousError: StepFailure? { self.running.previousError }
    /// When this attempt is cancelled, by the monotonic clock; nil when it has no timeout.
    public var deadline: ContinuousClock.Instant? { self.running.deadline }
    /// A number that grows with every run of the workflow, in microseconds of the database's clock.
    ///
    /// A service that remembers the highest one that it has seen can refuse a process that was stopped and declared dead
    /// in the meantime.
    public var fencingToken: Int64 { self.running.run.fencingToken }
    let running: RunningAttempt

    /// Logs with the workflow's id, the step and the attempt.
    public var logger: Logger {
        var logger = self.running.run.logger
        logger[metadataKey: "step.name"] = "\(self.step)"
        logger[metadataKey: "step.attempt"] = "\(self.attempt)"
        return logger
    }

    /// The same for every attempt of this step, in every run of this workflow, and for no other step: at most 255 printable
    /// ASCII characters.
    public var idempotencyKey: String {
        self.running.run.key(of: self.running.call.place)
    }

    /// A key of its own for one of several effects of this step.
    public func idempotencyKey(for part: String) -> String {
        self.running.run.key(of: self.running.call.place, part: part)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// When a poll looks again.
///
/// The times are counted from the first look, so that nothing has to be recorded in between: after a crash the workflow
/// computes which one is next.
public struct PollInterval: Sendable, Hashable {
    /// The time between the first look and the second.
    public var first: Duration
    /// By what the time is multiplied after each look, at least 1.
    public var factor: Double
    /// The longest time between two looks.
    public var cap: Duration

    /// The same time between all looks.
    public static func constant(_ interval: Duration) -> PollInterval {
        PollInterval(first: interval, factor: 1, cap: interval)
    }

    /// Times that grow by a factor.
    public static func exponential(
        first: Duration = .seconds(1),
        factor: Double = 2,
        cap: Duration = .seconds(300)
    ) -> PollInterval {
        PollInterval(first: first, factor: factor, cap: cap)
    }

    func validate() throws {
        guard self.first >= .milliseconds(1), self.cap >= .milliseconds(1), self.cap <= .longest else {
            throw DurableError(
                .invalidArgument,
                "a poll looks at least every 100 years, and at most every millisecond; it is to begin with \(self.first), up to \(self.cap)"
            )
        }
        guard self.factor >= 1, self.factor.isFinite else {
            throw DurableError(.invalidArgument, "the factor of a poll is \(self.factor); it must be at least 1")
        }
    }

    /// The first look after `now`, in microseconds, of a poll that first looked at `start`.
    func next(after now: Int64, start: Int64) -> Int64 {
        let cap = Double(max(1, self.cap.inMicroseconds))
        var step = min(Double(max(1, self.first.inMicroseconds)), cap)
        var time = Double(0)
        let elapsed = Double(max(0, now - start))
        // At most so many steps until the interval stands still.
        while step < cap, self.factor > 1 {
            time += step
            if time > elapsed { return start + Int64(time.rounded(.up)) }
            step = min(step * self.factor, cap)
        }
        let rounds = ((elapsed - time) / step).rounded(.down) + 1
        return start + Int64((time + max(1, rounds) * step).rounded(.up))
    }
}

// SPDX-License-Identifier: Apache-2.0

extension RetryPolicy {
    /// Throws `DurableError.invalidConfiguration` in words if the policy makes no sense.
    package func validate() throws {
        func require(_ holds: Bool, _ words: @autoclosure () -> String) throws {
            guard holds else { throw DurableError(.invalidConfiguration, "A retry policy \(words()).") }
        }
        try require(self.attempts >= 1, "needs at least one attempt; it has \(self.attempts)")
        try require(self.factor.isFinite, "needs a finite factor; it is \(self.factor)")
        try require(self.factor >= 1, "needs a factor of at least 1; it is \(self.factor)")
        func check(_ name: StaticString, _ duration: Duration) throws {
            try require(duration >= .zero, "has a negative \(name) (\(duration))")
            try require(duration <= .longest, "has a \(name) of more than 100 years (\(duration))")
        }
        try check("first delay", self.first)
        try check("increment", self.increment)
        try check("cap", self.cap)
        if let total { try check("total time", total) }
        if case .proportional(let fraction) = self.jitter {
            try require((0...1).contains(fraction), "needs a jitter between 0 and 1; it is \(fraction)")
        }
    }
}

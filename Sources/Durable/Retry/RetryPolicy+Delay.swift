// SPDX-License-Identifier: Apache-2.0

extension RetryPolicy {
    /// The delay after attempt `attempt` (from 1), in whole nanoseconds.
    ///
    /// Computed in `Double`, where too large is infinite rather than a trap, and then capped.
    func delay(after attempt: Int, random: UInt64) -> Duration {
        let steps = max(0, attempt - 1)
        let first = self.first.inSeconds
        let growth = first == 0 ? 0 : first * Self.power(self.factor, steps)
        let cap = self.cap.inSeconds
        let base = min(growth + self.increment.inSeconds * Double(steps), cap)
        let unit = Double(random >> 11) * 0x1p-53  // 0 ..< 1, all 53 bits
        let seconds =
            switch self.jitter {
            case .none: base
            case .full: base * unit
            case .proportional(let fraction): min(base * (1 + fraction * (2 * unit - 1)), cap)
            }
        return .nanoseconds(Int64((max(0, seconds) * 1e9).rounded()))
    }

    /// By squaring, with multiplications only: the same bits on every platform, and 64 rounds at most.
    private static func power(_ base: Double, _ exponent: Int) -> Double {
        var (result, square, rest) = (1.0, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result *= square }
            square *= square
            rest >>= 1
        }
        return result
    }
}

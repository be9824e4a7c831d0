// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Whether it is worth a thread's while to wait for a commit itself.
///
/// Not on one processor, and not for a while after a commit that took too long. Pure, but for the number of processors.
struct Attendance: Sendable {
    /// How many waits are left to the poller after one that was in vain.
    static let pause = 64

    private var skips = 0
    private let isPossible: Bool

    init(processors: Int = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) {
        self.isPossible = processors > 1
    }

    /// Whether the next wait should be attended.
    mutating func isWorthwhile() -> Bool {
        guard self.isPossible else { return false }
        guard self.skips == 0 else {
            self.skips -= 1
            return false
        }
        return true
    }

    /// The commit did not come in time.
    mutating func wasInVain() { self.skips = Self.pause }
}

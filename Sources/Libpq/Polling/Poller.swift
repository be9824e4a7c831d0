// SPDX-License-Identifier: Apache-2.0

/// One thread that waits for the sockets of any number of connections, and for timers.
///
/// What runs on it must be short: completions and timers only hand work on. A poller lives as long as somebody refers to it,
/// or to a connection that was opened on it.
public final class Poller: Sendable {
    /// The poller that connections use unless they are given another one.
    public static let shared = Poller(name: "postgres")

    let core: PollerCore

    /// Starts a poller with a thread of its own.
    ///
    /// If the system has no thread or descriptor left, connecting through this poller fails and says so.
    public init(name: String) {
        self.core = PollerCore()
        self.core.start(name)
    }

    deinit { self.core.stop() }

    /// Whether the caller runs on this poller's thread.
    public var isCurrent: Bool { self.core.isCurrent }

    /// Runs `work` once on the poller's thread, `delay` from now by the monotonic clock.
    @discardableResult
    public func schedule(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> Timer {
        Timer(core: self.core, id: self.core.schedule(due: MonotonicClock.now(plus: delay), work))
    }

    /// Runs `work` once on the poller's thread, as soon as it comes to it.
    public func execute(_ work: @escaping @Sendable () -> Void) {
        self.core.execute(work)
    }

    /// Work that is due at a later time, and can be called off.
    public struct Timer: Sendable {
        let core: PollerCore
        let id: UInt64

        /// Calls the work off.
        ///
        /// Does nothing if it has run, or is running.
        public func cancel() { self.core.cancel(self.id) }
    }
}

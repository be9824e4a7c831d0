// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What the poller's thread and its users share.
///
/// Apart from `Poller`, so that the thread does not keep the poller alive.
final class PollerCore: Sendable {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var timers = TimerHeap<@Sendable () -> Void>()
        var sources: [UInt64: any PollerSource] = [:]
        var nextID: UInt64 = 1
        /// The thread was told that there is something new, and has not looked yet.
        var signalled = false
        /// Until when the thread sleeps; nil while it is awake or waits for sockets only.
        var wakesAt: Int64?
        var stopped = false
        var thread: pthread_t?
    }

    private let selector = Selector()
    private let state = Mutex(State())
    /// Who watches each descriptor.
    ///
    /// libpq closes the socket of a lost connection by itself, and the next one that is opened may be given the same number before its
    /// former owner knows: what that one does then must not touch what its successor watches.
    private let watchers = Mutex<[Int32: UInt64]>([:])

    func start(_ name: String) {
        guard self.selector != nil, HelperThread.start(name, { self.run() }) else {
            self.state.withLock { $0.stopped = true }
            return
        }
    }

    func stop() {
        self.state.withLock { $0.stopped = true }
        self.selector?.wake()
    }

    /// False if the poller could not be started.
    var isRunning: Bool { self.state.withLock { !$0.stopped } }

    var isCurrent: Bool {
        guard let thread = self.state.withLock({ $0.thread }) else { return false }
        return pthread_equal(pthread_self(), thread) != 0
    }

    // MARK: Sockets

    /// Watches a socket.
    ///
    /// Nil if the system refuses.
    func register(_ descriptor: Int32, interest: Readiness, _ source: any PollerSource) -> UInt64? {
        let id = self.state.withLock { state in
            defer { state.nextID += 1 }
            state.sources[state.nextID] = source
            return state.nextID
        }
        let isWatched = self.watchers.withLock { watchers in
            guard let selector, selector.add(descriptor, id: id, interest: interest) else { return false }
            watchers[descriptor] = id
            return true
        }
        guard isWatched else {
            self.state.withLock { $0.sources[id] = nil }
            return nil
        }
        return id
    }

    func modify(_ descriptor: Int32, id: UInt64, interest: Readiness) {
        self.watchers.withLock { watchers in
            guard watchers[descriptor] == id else { return }
            _ = self.selector?.modify(descriptor, id: id, interest: interest)
        }
    }

    /// Stops watching.
    ///
    /// An event that is already under way is dropped by its id.
    func deregister(_ descriptor: Int32, id: UInt64) {
        self.state.withLock { $0.sources[id] = nil }
        self.watchers.withLock { watchers in
            guard watchers[descriptor] == id else { return }
            watchers[descriptor] = nil
            self.selector?.remove(descriptor)
        }
    }

    // MARK: Work

    func execute(_ work: @escaping @Sendable () -> Void) {
        let wake = self.state.withLock { state in
            state.jobs.append(work)
            defer { state.signalled = true }
            return !state.signalled
        }
        if wake { self.selector?.wake() }
    }

    func schedule(due: Int64, _ work: @escaping @Sendable () -> Void) -> UInt64 {
        let (id, wake) = self.state.withLock { state in
            let id = state.timers.insert(due: due, work)
            // The thread must hear of it only if it would sleep too long.
            guard due < state.wakesAt ?? .max, !state.signalled else { return (id, false) }
            state.signalled = true
            return (id, true)
        }
        if wake { self.selector?.wake() }
        return id
    }

    func cancel(_ id: UInt64) {
        // What the work captured is released outside the lock.
        _ = self.state.withLock { $0.timers.cancel(id) }
    }

    // MARK: The thread

    private func run() {
        guard let selector else { return }
        self.state.withLock { $0.thread = pthread_self() }
        var jobs: [@Sendable () -> Void] = []
        while true {
            let (timeout, stopped) = self.state.withLock { state -> (Int64?, Bool) in
                state.signalled = false
                state.wakesAt = nil
                swap(&jobs, &state.jobs)
                let now = MonotonicClock.now
                while let work = state.timers.popDue(now: now) { jobs.append(work) }
                guard jobs.isEmpty else { return (0, state.stopped) }
                state.wakesAt = state.timers.nextDue()
                return (state.wakesAt.map { max(0, $0 - now) }, state.stopped)
            }
            if !jobs.isEmpty {
                for job in jobs { job() }
                jobs.removeAll(keepingCapacity: true)
            }
            if stopped { break }
            selector.wait(timeout: timeout) { id, readiness in
                self.state.withLock { $0.sources[id] }?.ready(readiness)
            }
        }
        // The last references may be held by work that will never run.
        let left = self.state.withLock { state in
            defer {
                state.jobs = []
                state.timers = TimerHeap()
            }
            return (state.jobs, state.timers)
        }
        _ = left
    }
}

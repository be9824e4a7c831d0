// SPDX-License-Identifier: Apache-2.0

import CLibpq
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

extension ConnectionCore {
    /// Looks for the reply to the only outstanding request on the calling thread, and completes it there.
    ///
    /// The poller does not watch the socket meanwhile: two threads that wake for one reply cost what this is to save.
    ///
    /// - Returns: Whether nothing is outstanding any more.
    func spin(for limit: Duration, while wanted: () -> Bool) -> Bool {
        let until = MonotonicClock.now(plus: limit)
        let watched = self.state.withLock { state -> Int32? in
            guard state.connection != nil, state.interest == .read, state.outstanding.count == 1 else { return nil }
            self.watch(&state, [])
            return state.descriptor
        }
        guard let watched else { return self.isIdle }
        defer {
            self.state.withLock { state in
                // Bytes that wait are announced at once: the selector is level-triggered.
                if state.connection != nil, state.interest.isEmpty { self.watch(&state, .read) }
            }
        }
        var entry = pollfd(fd: watched, events: Int16(POLLIN), revents: 0)
        repeat {
            if poll(&entry, 1, 0) != 0 {
                self.ready(.read)
                if self.isIdle { return true }
            } else {
                // Whoever has work to do goes first: often that is the server.
                sched_yield()
            }
        } while wanted() && MonotonicClock.now < until
        return false
    }

    private var isIdle: Bool { self.state.withLock { $0.outstanding.isEmpty } }

    private func watch(_ state: inout State, _ interest: Readiness) {
        state.interest = interest
        self.poller.modify(state.descriptor, id: state.registration, interest: interest)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

extension ConnectionCore {
    /// Waits on the calling thread for a reply, for a moment, instead of leaving it to the poller; what arrives is told from here.
    ///
    /// Meanwhile the poller does not watch the socket, so that it is not woken for nothing.
    ///
    /// - Returns: Whether something arrived; false too when nothing is under way, or another thread waits already.
    func attend(milliseconds: Int32) -> Bool {
        let descriptor = self.state.withLock { state -> Int32? in
            guard state.connection != nil, !state.outstanding.isEmpty, state.interest == .read, !state.isAttended else {
                return nil
            }
            state.isAttended = true
            self.poller.modify(state.descriptor, id: state.registration, interest: [])
            return state.descriptor
        }
        guard let descriptor else { return false }
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let count = poll(&watched, 1, milliseconds)
        // Read before the poller watches again, or it would be woken for what has been read by then.
        if count > 0 { self.ready(.read) }
        self.state.withLock { state in
            state.isAttended = false
            guard state.connection != nil else { return }
            self.poller.modify(state.descriptor, id: state.registration, interest: state.interest)
        }
        return count > 0
    }
}

extension PostgresConnection {
    /// Waits on the calling thread, at most so long, for the reply to what is under way; its completion runs on this thread then.
    ///
    /// Saves waking two threads for whoever has nothing else to do: one that waits for a commit alone.
    ///
    /// - Returns: Whether something arrived.
    package func attend(milliseconds: Int32) -> Bool { self.core.attend(milliseconds: milliseconds) }
}

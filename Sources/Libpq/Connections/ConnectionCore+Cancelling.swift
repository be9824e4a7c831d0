// SPDX-License-Identifier: Apache-2.0

import CLibpq
import DequeModule
import Synchronization

extension ConnectionCore {
    /// The data that a cancel request needs, apart from the connection.
    ///
    /// `@unchecked Sendable`: it is used by one thread at a time, which frees it.
    private struct CancelKey: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    /// Asks the server to stop a request, now if it is the current one, else when it becomes so.
    ///
    /// Asked again until the request is over, because a request to cancel that arrives before its statement does is
    /// forgotten.
    func cancel(_ id: UInt64) {
        self.state.withLock { state in
            guard let index = state.outstanding.firstIndex(where: { $0.id == id }) else { return }
            state.outstanding[index].isCancelled = true
            if index == 0 { self.cancelCurrent(&state, id) }
        }
    }

    /// Under the lock.
    func cancelCurrent(_ state: inout State, _ id: UInt64, pause: Duration = .milliseconds(20)) {
        guard let connection = state.connection, let pointer = PQgetCancel(connection) else { return }
        let key = CancelKey(pointer: pointer)
        state.cancelling[id] = .some(nil)
        // Inside the lock no wait is allowed, and PQcancel connects.
        let isStarted = HelperThread.start("postgres-cancel") {
            defer { PQfreeCancel(key.pointer) }
            if self.isCurrent(id) {
                withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
                    _ = PQcancel(key.pointer, buffer.baseAddress, 256)
                }
            }
            self.cancelSent(id, pause: pause)
        }
        guard !isStarted else { return }
        PQfreeCancel(key.pointer)
        state.cancelling[id] = nil
    }

    /// Releases the answer that came meanwhile, or asks again after a while.
    private func cancelSent(_ id: UInt64, pause: Duration) {
        let finished = self.state.withLock { $0.cancelling.removeValue(forKey: id) }
        if let finished, let finished { return self.poller.execute { self.tell([finished]) } }
        self.poller.schedule(after: pause) {
            self.state.withLock { state in
                guard state.outstanding.first?.id == id else { return }
                self.cancelCurrent(&state, id, pause: min(pause * 2, .seconds(1)))
            }
        }
    }

    private func isCurrent(_ id: UInt64) -> Bool {
        self.state.withLock { $0.outstanding.first?.id == id }
    }
}

extension PollerCore {
    /// Runs `work` on the poller's thread after a while.
    func schedule(after delay: Duration, _ work: @escaping @Sendable () -> Void) {
        _ = self.schedule(due: MonotonicClock.now(plus: delay), work)
    }
}

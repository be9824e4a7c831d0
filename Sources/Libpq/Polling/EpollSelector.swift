// SPDX-License-Identifier: Apache-2.0

#if os(Linux) || os(Android)
    import CLibpq
    #if canImport(Musl)
        import Musl
    #else
        import Glibc
    #endif

    /// Waits for sockets with Linux's `epoll`, level-triggered; `wake()` interrupts the wait from any thread.
    final class EpollSelector: Sendable {
        /// The id under which nothing is ever registered; it stands for the wake-up.
        private static let wakeupID: UInt64 = 0
        private let epoll: Int32
        private let wakeup: Int32

        /// Nil if the process has no descriptor left.
        init?() {
            self.epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
            guard self.epoll >= 0 else { return nil }
            self.wakeup = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
            guard self.wakeup >= 0, self.add(self.wakeup, id: Self.wakeupID, interest: .read) else {
                close(self.epoll)
                if self.wakeup >= 0 { close(self.wakeup) }
                return nil
            }
        }

        deinit {
            close(self.wakeup)
            close(self.epoll)
        }

        func add(_ descriptor: Int32, id: UInt64, interest: Readiness) -> Bool {
            self.control(EPOLL_CTL_ADD, descriptor, id, interest)
        }

        func modify(_ descriptor: Int32, id: UInt64, interest: Readiness) -> Bool {
            self.control(EPOLL_CTL_MOD, descriptor, id, interest)
        }

        func remove(_ descriptor: Int32) {
            _ = self.control(EPOLL_CTL_DEL, descriptor, 0, [])
        }

        func wake() {
            var one: UInt64 = 1
            _ = write(self.wakeup, &one, 8)
        }

        /// Waits until something is ready, `wake()` is called, or `timeout` nanoseconds have passed (nil: for ever).
        func wait(timeout: Int64?, _ body: (UInt64, Readiness) -> Void) {
            // Rounded up: waking before a timer is due would only mean waiting again.
            let milliseconds = timeout.map { Int32(clamping: ($0 + 999_999) / 1_000_000) } ?? -1
            withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 64) { events in
                guard let base = events.baseAddress else { return }
                let count = epoll_wait(self.epoll, base, 64, milliseconds)
                for index in 0..<max(0, Int(count)) {
                    let event = events[index]
                    if event.data.u64 == Self.wakeupID {
                        var value: UInt64 = 0
                        _ = read(self.wakeup, &value, 8)
                        continue
                    }
                    var readiness: Readiness = []
                    if event.events & ~EPOLLOUT.rawValue != 0 { readiness.insert(.read) }
                    if event.events & EPOLLOUT.rawValue != 0 { readiness.insert(.write) }
                    body(event.data.u64, readiness)
                }
            }
        }

        private func control(_ operation: Int32, _ descriptor: Int32, _ id: UInt64, _ interest: Readiness) -> Bool {
            var events: UInt32 = 0
            if interest.contains(.read) { events |= EPOLLIN.rawValue }
            if interest.contains(.write) { events |= EPOLLOUT.rawValue }
            var event = epoll_event(events: events, data: epoll_data_t(u64: id))
            return epoll_ctl(self.epoll, operation, descriptor, &event) == 0
        }
    }

    typealias Selector = EpollSelector
#endif

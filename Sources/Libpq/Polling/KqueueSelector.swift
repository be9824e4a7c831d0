// SPDX-License-Identifier: Apache-2.0

// Not compiled on Linux, where the project is built and tested: this file is written for Darwin and waits for its first
// build there. It has the same shape as `EpollSelector`.
#if canImport(Darwin)
    import Darwin

    /// Waits for sockets with `kqueue`, level-triggered; `wake()` interrupts the wait from any thread.
    final class KqueueSelector: Sendable {
        private let queue: Int32

        /// Nil if the process has no descriptor left.
        init?() {
            self.queue = kqueue()
            guard self.queue >= 0 else { return nil }
            var event = Darwin.kevent(
                ident: 0,
                filter: Int16(EVFILT_USER),
                flags: UInt16(EV_ADD | EV_CLEAR),
                fflags: 0,
                data: 0,
                udata: nil
            )
            guard kevent(self.queue, &event, 1, nil, 0, nil) == 0 else {
                close(self.queue)
                return nil
            }
        }

        deinit { close(self.queue) }

        func add(_ descriptor: Int32, id: UInt64, interest: Readiness) -> Bool {
            self.modify(descriptor, id: id, interest: interest)
        }

        func modify(_ descriptor: Int32, id: UInt64, interest: Readiness) -> Bool {
            let read = self.change(descriptor, EVFILT_READ, id, interest.contains(.read))
            let write = self.change(descriptor, EVFILT_WRITE, id, interest.contains(.write))
            return read && write
        }

        func remove(_ descriptor: Int32) {
            _ = self.modify(descriptor, id: 0, interest: [])
        }

        func wake() {
            var event = Darwin.kevent(
                ident: 0,
                filter: Int16(EVFILT_USER),
                flags: 0,
                fflags: UInt32(NOTE_TRIGGER),
                data: 0,
                udata: nil
            )
            _ = kevent(self.queue, &event, 1, nil, 0, nil)
        }

        /// Waits until something is ready, `wake()` is called, or `timeout` nanoseconds have passed (nil: for ever).
        func wait(timeout: Int64?, _ body: (UInt64, Readiness) -> Void) {
            var time = timespec()
            if let timeout {
                time.tv_sec = Int(timeout / 1_000_000_000)
                time.tv_nsec = Int(timeout % 1_000_000_000)
            }
            withUnsafeTemporaryAllocation(of: Darwin.kevent.self, capacity: 64) { events in
                let count = withUnsafePointer(to: time) {
                    kevent(self.queue, nil, 0, events.baseAddress, 64, timeout == nil ? nil : $0)
                }
                for index in 0..<max(0, Int(count)) {
                    let event = events[index]
                    if event.filter == Int16(EVFILT_USER) { continue }
                    let id = UInt64(UInt(bitPattern: event.udata))
                    body(id, event.filter == Int16(EVFILT_WRITE) ? .write : .read)
                }
            }
        }

        private func change(_ descriptor: Int32, _ filter: Int32, _ id: UInt64, _ wanted: Bool) -> Bool {
            var event = Darwin.kevent(
                ident: UInt(descriptor),
                filter: Int16(filter),
                flags: UInt16(wanted ? EV_ADD : EV_DELETE),
                fflags: 0,
                data: 0,
                udata: UnsafeMutableRawPointer(bitPattern: UInt(id))
            )
            let status = kevent(self.queue, &event, 1, nil, 0, nil)
            // Deleting a filter that was never added is no failure.
            return status == 0 || (!wanted && errno == ENOENT)
        }
    }

    typealias Selector = KqueueSelector
#endif

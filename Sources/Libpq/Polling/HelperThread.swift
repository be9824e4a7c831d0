// SPDX-License-Identifier: Apache-2.0

import CLibpq

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Threads of our own, for calls that may block (name resolution, a cancel request) and for the poller itself.
enum HelperThread {
    /// Carries the closure over the C boundary.
    private final class Box {
        let name: String
        let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Runs `body` on a new detached thread.
    ///
    /// False if the system has no thread to give; then `body` is not run.
    ///
    /// The thread has all signals blocked: the host's handlers run on the host's own threads.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
        let box = Unmanaged.passRetained(Box(name, body))
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        #if canImport(Darwin)
            var thread: pthread_t?
            let status = pthread_create(&thread, nil, { HelperThread.main($0) }, box.toOpaque())
        #else
            var thread = pthread_t()
            let status = pthread_create(&thread, nil, { HelperThread.main($0) }, box.toOpaque())
        #endif
        guard status == 0 else {
            box.release()
            return false
        }
        return true
    }

    private static func main(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        let box = Unmanaged<Box>.fromOpaque(argument).takeRetainedValue()
        // The kernel keeps 15 bytes of a thread's name.
        let name = String(decoding: box.name.utf8.prefix(15), as: UTF8.self)
        #if canImport(Darwin)
            pthread_detach(pthread_self())
            pthread_setname_np(name)
        #else
            pthread_detach(pthread_self())
            clibpq_set_thread_name(name)
        #endif
        box.body()
        return nil
    }
}

// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The few calls of the system that workers and those who watch them make.
package enum System {
    package static let pid: Int32 = getpid()

    /// Writes a line in one call: a line of a file that is open for appending is never torn, whoever dies.
    package static func write(_ line: String, to descriptor: Int32) {
        var bytes = Array((line + "\n").utf8)[...]
        while !bytes.isEmpty {
            #if canImport(Glibc)
                let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            #elseif canImport(Musl)
                let count = bytes.withUnsafeBytes { Musl.write(descriptor, $0.baseAddress, $0.count) }
            #else
                let count = bytes.withUnsafeBytes { Darwin.write(descriptor, $0.baseAddress, $0.count) }
            #endif
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    package static func openForAppending(_ path: String) -> Int32 {
        open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    }

    /// Microseconds since 1970, by the clock that a server on this machine reads too.
    package static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }

    /// Ends this process as a power cut would.
    package static func die() -> Never {
        while true { kill(getpid(), SIGKILL) }
    }

    /// Stops every thread of this process until somebody sends SIGCONT.
    ///
    /// The signal goes to the calling thread, which therefore stops here; the others stop with it.
    package static func freeze() { raise(SIGSTOP) }

    /// Ends this process at once, without any handing over.
    package static func leave(_ status: Int32) -> Never { _exit(status) }
}

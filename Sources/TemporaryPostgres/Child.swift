// SPDX-License-Identifier: Apache-2.0

import Foundation

#if canImport(Darwin)
    package import Darwin
#elseif canImport(Glibc)
    package import Glibc
#elseif canImport(Musl)
    package import Musl
#endif

/// A child process with sockets on its standard input and output.
///
/// Both of our ends are closed in every other child, so that
/// the child reads the end of its input at the very moment this process ends, however it ends.
package struct Child: Sendable {
    package let pid: pid_t
    package let input: Int32
    package let output: Int32

    /// Starts a program in a process group of its own: signals to this process's group do not reach it.
    package static func spawn(
        _ path: String,
        _ arguments: [String],
        environment: [String],
        errorsToOutput: Bool
    ) throws -> Child {
        let toChild = try self.makePipe()
        let fromChild = try self.makePipe()
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t? = nil
            var attributes: posix_spawnattr_t? = nil
        #else
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
            _ = close(toChild.reading)
            _ = close(fromChild.writing)
        }
        posix_spawn_file_actions_adddup2(&actions, toChild.reading, 0)
        posix_spawn_file_actions_adddup2(&actions, fromChild.writing, 1)
        if errorsToOutput {
            posix_spawn_file_actions_adddup2(&actions, fromChild.writing, 2)
        }
        // This thread may be one of Dispatch's, which block every signal, and a child inherits that: it would hear no
        // SIGTERM, and `pgbench -T`, which counts on SIGALRM, would never end.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGMASK))

        var pid = pid_t()
        let result = self.withCStrings([path] + arguments) { argv in
            self.withCStrings(environment) { envp in
                posix_spawn(&pid, path, &actions, &attributes, argv, envp)
            }
        }
        guard result == 0 else {
            _ = close(toChild.writing)
            _ = close(fromChild.reading)
            throw TemporaryPostgresError("cannot start \(path): \(String(cString: strerror(result)))")
        }
        return Child(pid: pid, input: toChild.writing, output: fromChild.reading)
    }

    /// Writes all of `text` to the child; false when it has ended.
    package func write(_ text: String) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            // No signal when the child has ended: an error will do.
            #if canImport(Darwin)
                let count = bytes.withUnsafeBytes { send(self.input, $0.baseAddress, $0.count, 0) }
            #else
                let count = bytes.withUnsafeBytes { send(self.input, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            #endif
            if count < 0 {
                if errno == EINTR { continue }
                return false
            }
            bytes = bytes.dropFirst(count)
        }
        return true
    }

    /// Reads one line, without its end; nil at the end of the output.
    package func readLine() -> String? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while true {
            let count = read(self.output, &byte, 1)
            if count < 0 && errno == EINTR { continue }
            guard count == 1 else { return line.isEmpty ? nil : String(decoding: line, as: UTF8.self) }
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
    }

    /// Reads everything up to the end of the output.
    package func readAll() -> String {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(self.output, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return String(decoding: text, as: UTF8.self) }
            text.append(contentsOf: buffer[..<count])
        }
    }

    package func closeInput() { _ = close(self.input) }

    /// Takes note of the end of the child whenever it comes, on a thread of its own, for whoever does not `wait`.
    ///
    /// An ended child that nobody has asked after stays, and keeps Swift Testing's exit tests from seeing theirs: they
    /// look at the first one that has ended, again and again.
    package func reap() {
        Thread.detachNewThread {
            var status: Int32 = 0
            while waitpid(self.pid, &status, 0) < 0 && errno == EINTR {}
        }
    }

    /// Waits for the end of the child; 0 is success.
    package func wait() -> Int32 {
        _ = close(self.output)
        var status: Int32 = 0
        while waitpid(self.pid, &status, 0) < 0 && errno == EINTR {}
        return status
    }

    /// A pair of sockets, not a pipe: it can be made closed-on-exec in one call, and written to without SIGPIPE.
    private static func makePipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        #if canImport(Darwin)
            let result = socketpair(AF_UNIX, SOCK_STREAM, 0, &ends)
            for end in ends {
                _ = fcntl(end, F_SETFD, FD_CLOEXEC)
                var on: Int32 = 1
                setsockopt(end, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
            }
        #else
            let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            let result = socketpair(AF_UNIX, type, 0, &ends)
        #endif
        guard result == 0 else { throw TemporaryPostgresError("no sockets: \(String(cString: strerror(errno)))") }
        return (ends[0], ends[1])
    }

    private static func withCStrings<R>(
        _ strings: [String],
        _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
    ) -> R {
        var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { buffer in
            // Never empty: it ends with nil.
            body(buffer.baseAddress!)
        }
    }
}

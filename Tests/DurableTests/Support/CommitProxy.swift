// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A Unix socket in front of a server's, that breaks one connection at the COMMIT of a transaction.
///
/// It reads what passes: the client must send the texts of its statements every time (no prepared ones).
final class CommitProxy: Sendable {
    /// Where the connection breaks.
    enum Break: Sendable, CaseIterable {
        /// COMMIT never reaches the server.
        case beforeCommit
        /// The server has committed, and its reply is lost.
        case afterCommit
    }

    /// The folder with the socket, to be used as `host`.
    let folder: String
    private let server: String
    private let point: Break
    private let marker: [UInt8]
    private let commit: [UInt8]
    private let listener: Int32
    /// Counts the connections that were broken: there is one.
    let broken = Counter()
    private let descriptors = Mutex<[Int32]>([])

    /// Listens.
    ///
    /// - Parameters:
    ///   - server: The path of the server's socket.
    ///   - marker: What a connection must have sent before its COMMIT counts.
    ///   - commit: What commits: nothing but its last message, for statements that are one transaction together.
    init(to server: String, marker: String, commit: String = "COMMIT\0", at point: Break) throws {
        self.server = server
        self.point = point
        self.marker = Array(marker.utf8)
        self.commit = Array(commit.utf8)
        self.folder = "/tmp/durable-proxy-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: false)
        self.listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard
            Self.with(address: "\(self.folder)/.s.PGSQL.5432", { bind(self.listener, $0, $1) }) == 0,
            listen(self.listener, 32) == 0
        else { throw NeverHappened(what: "the proxy listens") }
        Thread.detachNewThread { self.accept() }
    }

    func stop() {
        shutdown(self.listener, Int32(SHUT_RDWR))
        for descriptor in self.descriptors.withLock({ $0 }) { shutdown(descriptor, Int32(SHUT_RDWR)) }
        try? FileManager.default.removeItem(atPath: self.folder)
    }

    private func accept() {
        while true {
            #if canImport(Glibc)
                let client = Glibc.accept(self.listener, nil, nil)
            #else
                let client = Darwin.accept(self.listener, nil, nil)
            #endif
            guard client >= 0 else {
                close(self.listener)
                return
            }
            let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            guard Self.with(address: self.server, { connect(server, $0, $1) }) == 0 else {
                close(client)
                close(server)
                continue
            }
            self.descriptors.withLock { $0 += [client, server] }
            let isArmed = Armed()
            Thread.detachNewThread { self.forward(from: client, to: server, isArmed) }
            Thread.detachNewThread { self.answer(from: server, to: client, isArmed) }
        }
    }

    /// Whether a connection's COMMIT has passed.
    private final class Armed: Sendable {
        let hasPassed = Atomic(false)
    }

    private func forward(from client: Int32, to server: Int32, _ armed: Armed) {
        var seen: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(client, &buffer, buffer.count)
            guard count > 0 else { break }
            seen = seen.suffix(1 << 16) + buffer[..<count]
            let commits = Self.contains(seen, self.marker) && Self.contains(seen, self.commit)
            if commits, self.broken.value == 0 {
                self.broken.next()
                if self.point == .beforeCommit { break }
                armed.hasPassed.store(true, ordering: .sequentiallyConsistent)
            }
            guard send(server, buffer, count, Int32(MSG_NOSIGNAL)) == count else { break }
        }
        shutdown(client, Int32(SHUT_RDWR))
        shutdown(server, Int32(SHUT_RDWR))
    }

    private func answer(from server: Int32, to client: Int32, _ armed: Armed) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(server, &buffer, buffer.count)
            guard count > 0, !armed.hasPassed.load(ordering: .sequentiallyConsistent) else { break }
            guard send(client, buffer, count, Int32(MSG_NOSIGNAL)) == count else { break }
        }
        shutdown(client, Int32(SHUT_RDWR))
        shutdown(server, Int32(SHUT_RDWR))
    }

    private static func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
        guard bytes.count >= part.count else { return false }
        return (0...bytes.count - part.count).contains { bytes[$0...].starts(with: part) }
    }

    private static func with(address path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A server's process that serves one session, and stands still from some moment on until a test lets it go on.
///
/// What its client sends meanwhile lies in its socket, even when the client has gone.
final class StoppedBackend: Sendable {
    private let database: TestDatabase
    private let pid = Mutex<Int32?>(nil)

    init(in database: TestDatabase) { self.database = database }

    var isStopped: Bool { self.pid.withLock { $0 != nil } }

    /// Stops it, and returns when it stands.
    func stop(_ pid: Int32) async throws {
        try #require(kill(pid, SIGSTOP) == 0, "the server is on this machine, and its processes are ours")
        self.pid.withLock { $0 = pid }
        try await eventually("the session's process stands still") {
            let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
            return stat.contains(") T ")
        }
    }

    /// Lets it go on, if it was stopped.
    func goOn() {
        if let pid = self.pid.withLock({ $0 }) { kill(pid, SIGCONT) }
    }

    /// Waits until it serves nobody any more.
    func waitUntilGone() async throws {
        let pid = try #require(self.pid.withLock { $0 })
        try await eventually("the session is gone") {
            try await self.database.text("SELECT count(*)::text FROM pg_stat_activity WHERE pid = \(pid)") == "0"
        }
    }
}

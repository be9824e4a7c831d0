// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TemporaryPostgres

/// A process of `fault-worker`.
///
/// It ends with the test's, however that ends, since its standard input ends then.
final class Worker: Sendable {
    private struct State {
        var lines: [String] = []
        var status: Int32?
        var isInputClosed = false
    }

    private let child: Child
    private let state = Mutex(State())

    var pid: Int32 { self.child.pid }
    /// What it has said so far.
    var lines: [String] { self.state.withLock { $0.lines } }
    /// How it ended, as `waitpid` tells it; nil while it runs.
    var status: Int32? { self.state.withLock { $0.status } }
    /// The signal that ended it, if one did.
    var signal: Int32? {
        guard let status, status & 0x7F != 0 else { return nil }
        return status & 0x7F
    }
    /// Its exit status, if it ended by itself.
    var exit: Int32? {
        guard let status, status & 0x7F == 0 else { return nil }
        return (status >> 8) & 0xFF
    }

    /// Starts a worker.
    init(_ options: [String: String]) throws {
        self.child = try Child.spawn(
            Self.path(),
            options.map { "\($0.key)=\($0.value)" },
            environment: ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" },
            errorsToOutput: true
        )
        // Holds the worker until it has ended: somebody has to ask for its status.
        Thread.detachNewThread { self.read() }
    }

    private func read() {
        while let line = self.child.readLine() { self.state.withLock { $0.lines.append(line) } }
        let status = self.child.wait()
        self.state.withLock { $0.status = status }
    }

    /// The program beside this one.
    private static func path() throws -> String {
        #if canImport(Darwin)
            let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? Bundle.main
            let folder = bundle.bundleURL.deletingLastPathComponent().path
        #else
            let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            let folder = URL(fileURLWithPath: program).deletingLastPathComponent().path
        #endif
        return "\(folder)/fault-worker"
    }

    // MARK: - Talking

    /// Tells it something.
    func say(_ line: String) { _ = self.child.write(line + "\n") }

    /// Sends it a signal.
    func send(_ signal: Int32) { kill(self.pid, signal) }

    /// Closes its input, which ends it at once.
    func end() {
        let isFirst = self.state.withLock { state in
            defer { state.isInputClosed = true }
            return !state.isInputClosed
        }
        guard isFirst else { return }
        if self.status == nil { self.send(SIGCONT) }
        self.child.closeInput()
    }

    // MARK: - Waiting

    /// Waits for a line, and returns it.
    @discardableResult
    func hear(_ what: String, within limit: Duration = .seconds(60), _ matches: (String) -> Bool) async throws -> String
    {
        var found: String?
        try await wait("worker \(self.pid) says \(what)", within: limit) {
            found = self.lines.first(where: matches)
            if found == nil, self.status != nil, !self.lines.contains(where: matches) {
                throw NeverHappened(what: what, limit: limit, seen: "it ended; \(self.report)")
            }
            return found == nil ? self.report : nil
        }
        return found ?? ""
    }

    /// Waits for a line that begins with these words.
    @discardableResult
    func hear(_ words: String, within limit: Duration = .seconds(60)) async throws -> String {
        try await self.hear("\"\(words)\"", within: limit) { $0 == words || $0.hasPrefix(words + " ") }
    }

    /// Waits until it has ended.
    func waitUntilEnded(within limit: Duration = .seconds(60)) async throws {
        try await wait("worker \(self.pid) ends", within: limit) { self.status == nil ? self.report : nil }
    }

    /// Waits until every thread of it is stopped.
    func waitUntilStopped(within limit: Duration = .seconds(60)) async throws {
        try await wait("worker \(self.pid) is stopped", within: limit) {
            let stat = try? String(contentsOfFile: "/proc/\(self.pid)/stat", encoding: .utf8)
            guard let stat, let end = stat.lastIndex(of: ")") else { return "no such process; \(self.report)" }
            let state = stat[stat.index(end, offsetBy: 2)]
            return state == "T" ? nil : "state \(state); \(self.report)"
        }
    }

    /// The last of what it said, and how it ended.
    var report: String {
        let ended = self.status.map { "wait status \($0)" } ?? "running"
        return "pid \(self.pid), \(ended): \(self.lines.suffix(12).joined(separator: " | "))"
    }
}

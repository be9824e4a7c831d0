// SPDX-License-Identifier: Apache-2.0

import FaultProcesses
import Foundation
import Synchronization

/// A process of `fault-worker`.
///
/// It ends with the test's, however that ends, since its standard input ends then.
final class Worker: Sendable {
    private let process: TalkingProcess
    private let said = Mutex<[String]>([])

    var pid: Int32 { self.process.pid }
    /// What it has said so far.
    var lines: [String] { self.said.withLock { $0 } }
    /// How it ended, as `waitpid` tells it; nil while it runs.
    var status: Int32? { self.process.status }
    /// The signal that ended it, if one did.
    var signal: Int32? { self.process.signal }
    /// Its exit status, if it ended by itself.
    var exit: Int32? { self.process.exit }

    /// Starts a worker.
    init(_ options: [String: String]) throws {
        self.process = try TalkingProcess("fault-worker", options.map { "\($0.key)=\($0.value)" })
        self.process.listen { line in self.said.withLock { $0.append(line) } }
    }

    // MARK: - Talking

    /// Tells it something.
    func say(_ line: String) { self.process.say(line) }

    /// Sends it a signal.
    func send(_ signal: Int32) { self.process.send(signal) }

    /// Closes its input, which ends it at once.
    func end() { self.process.end() }

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

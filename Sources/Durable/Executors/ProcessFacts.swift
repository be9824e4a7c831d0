// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What tells one process from every other: for people, and as proof that a former process of the same name is gone.
package struct ProcessFacts: Hashable, Sendable {
    /// The machine's or container's host name.
    package var host: String
    /// The process id, in its own pid namespace.
    package var pid: Int32
    /// The kernel's id of this boot of the machine.
    ///
    /// Nil where the system has none to give.
    package var bootID: String?
    /// The pid namespace (containers have their own).
    ///
    /// Nil where the system has none to give.
    package var pidNamespace: String?
    /// When the process started, in the kernel's ticks since boot.
    ///
    /// Nil where the system has none to give.
    package var processStarted: String?

    package init(host: String, pid: Int32, bootID: String?, pidNamespace: String?, processStarted: String?) {
        self.host = host
        self.pid = pid
        self.bootID = bootID
        self.pidNamespace = pidNamespace
        self.processStarted = processStarted
    }

    /// The facts of this process.
    package static func current() -> ProcessFacts {
        let process = ProcessInfo.processInfo
        return ProcessFacts(
            host: process.hostName,
            pid: process.processIdentifier,
            bootID: self.read("/proc/sys/kernel/random/boot_id"),
            pidNamespace: try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid"),
            processStarted: self.read("/proc/self/stat").flatMap(ProcessStatus.init(parsing:))?.started
        )
    }

    /// Whether the other process is gone, is alive, or cannot be judged from here.
    package enum Verdict: Hashable, Sendable {
        /// Proven: no such process exists in the one place where it could.
        case gone
        /// Proven: it exists, in this very place.
        case alive
        /// It lived on another machine, in another container, before a reboot, or the system does not tell.
        case unknown
    }

    /// Judges another process.
    ///
    /// Never answers `gone` without proof: only for the same boot of the same machine and the same pid namespace
    /// (every container has a process 1), where that process id is free or belongs to a later process.
    ///
    /// A reboot is *not* taken as proof: another boot id may as well be another machine.
    package func judge(_ other: ProcessFacts) -> Verdict {
        guard let bootID, let pidNamespace, bootID == other.bootID, pidNamespace == other.pidNamespace else {
            return .unknown
        }
        guard let started = other.processStarted, other.pid > 0 else { return .unknown }
        // Asked first, since /proc may hide other users' processes, and a hidden process is not a dead one.
        if kill(other.pid, 0) == -1, errno == ESRCH { return .gone }
        guard let status = Self.read("/proc/\(other.pid)/stat").flatMap(ProcessStatus.init(parsing:)) else {
            return .unknown
        }
        if status.started != started { return .gone }
        if status.isZombie, Self.threads(of: other.pid) == 1 { return .gone }
        return .alive
    }

    private static func read(_ path: String) -> String? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        let trimmed = text.trimming { $0.isWhitespace }
        return trimmed.isEmpty ? nil : trimmed
    }

    /// A zombie with other threads is a live process whose main thread has ended (`dispatchMain` does that).
    private static func threads(of pid: Int32) -> Int? {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task"))?.count
    }
}

/// The two fields of `/proc/PID/stat` that matter here.
struct ProcessStatus: Hashable {
    var isZombie: Bool
    var started: String

    /// The command's name, field 2, may hold blanks and parentheses: fields are counted from the last `)`.
    init?(parsing stat: String) {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(whereSeparator: \.isWhitespace)
        // Field 3 (state) is the first one here, so field 22 (start time) is number 19.
        guard fields.count > 19, fields[19].allSatisfy(\.isNumber) else { return nil }
        self.isZombie = fields[0] == "Z" || fields[0] == "X"
        self.started = String(fields[19])
    }
}

extension String {
    fileprivate func trimming(_ isTrimmed: (Character) -> Bool) -> String {
        guard let first = self.firstIndex(where: { !isTrimmed($0) }),
            let last = self.lastIndex(where: { !isTrimmed($0) })
        else { return "" }
        return String(self[first...last])
    }
}

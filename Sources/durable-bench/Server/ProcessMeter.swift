// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What processes have used so far.
enum ProcessMeter {
    /// Nanoseconds of the clock that every process of the machine shares.
    static func now() -> Int64 { Self.nanoseconds(CLOCK_MONOTONIC) }

    /// Processor seconds of this process, all of its threads.
    static func ownSeconds() -> Double { Double(Self.nanoseconds(CLOCK_PROCESS_CPUTIME_ID)) / 1e9 }

    private static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Processor seconds of a process.
    ///
    /// - Parameter children: Also those of its children that have ended, and of those that live.
    static func seconds(of pid: Int32, children: Bool) -> Double {
        guard let fields = self.fields(of: pid) else { return 0 }
        let own = Double(fields.user + fields.system + (children ? fields.endedChildren : 0)) / self.ticks
        guard children else { return own }
        let living = self.processes().filter { self.fields(of: $0)?.parent == pid }
        return living.reduce(own) { $0 + self.seconds(of: $1, children: false) }
    }

    /// Bytes of this process that are in memory.
    static func residentBytes() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    private static let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))

    private struct Fields {
        var parent: Int32
        var user: Int
        var system: Int
        var endedChildren: Int
    }

    private static func processes() -> [Int32] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
    }

    /// From `/proc/PID/stat`, whose second field is a name in brackets that may hold anything.
    private static func fields(of pid: Int32) -> Fields? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let bracket = text.lastIndex(of: ")")
        else { return nil }
        let words = text[text.index(after: bracket)...].split(separator: " ")
        guard words.count > 14, let parent = Int32(words[1]) else { return nil }
        let times = words[11...14].compactMap { Int($0) }
        guard times.count == 4 else { return nil }
        return Fields(parent: parent, user: times[0], system: times[1], endedChildren: times[2] + times[3])
    }
}

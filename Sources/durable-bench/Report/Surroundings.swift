// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where and when a run was made.
struct Surroundings: Sendable {
    var facts: [(name: String, value: String)]

    static func here(_ results: BenchRunner.Results, _ size: BenchSize) async throws -> Surroundings {
        func first(_ path: String, _ key: String) -> String? {
            (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n")
                .first { $0.hasPrefix(key) }?.split(separator: ":", maxSplits: 1).last?
                .trimmingCharacters(in: .whitespaces)
        }
        func said(_ words: String...) async -> String? {
            let text = try? await Program.run("/usr/bin/env", words)
            return text?.split(separator: "\n").first.map { String($0) }
        }
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let memory = Double(ProcessInfo.processInfo.physicalMemory) / 1_073_741_824
        let commit = await said("git", "describe", "--always", "--dirty")
        let formatter = ISO8601DateFormatter()
        return Surroundings(facts: [
            ("date", formatter.string(from: Date())),
            ("commit", commit ?? "unknown"),
            (
                "machine",
                "\(cores) cores of \(first("/proc/cpuinfo", "model name") ?? "an unknown kind"), "
                    + "\(NumberText.number(memory)) GiB, shared by the server and its clients"
            ),
            ("system", await said("uname", "-sr") ?? "unknown"),
            ("load at the end", first("/proc/loadavg", "") ?? "unknown"),
            ("Swift", await said("swift", "--version") ?? "unknown"),
            ("Postgres", results.serverVersion),
            ("its settings", results.settings.joined(separator: ", ")),
            ("connection", "a Unix socket"),
            ("engine", "default options: 2 journal connections, lease 15 s, results durable before the next effect"),
            (
                "rounds",
                "\(size.rounds) of alternating order, \(NumberText.number(size.seconds)) s for each measurement"
            ),
            ("duration", "\(Int(results.duration / .seconds(60))) minutes"),
        ])
    }
}

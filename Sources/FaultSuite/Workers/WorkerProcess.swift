// SPDX-License-Identifier: Apache-2.0

import FaultProcesses
import Foundation
import Synchronization

/// A worker, seen from the suite: this program once more, as a process of its own.
final class WorkerProcess: Sendable {
    private struct State {
        var isReady = false
        var lastWords = ""
    }

    let options: WorkerOptions
    private let process: TalkingProcess
    private let state = Mutex(State())

    /// - Parameter accepted: told of each workflow that it has started.
    init(_ options: WorkerOptions, accepted: @escaping @Sendable (String) -> Void) throws {
        self.options = options
        var environment = ProcessInfo.processInfo.environment
        if options.shift != 0 {
            let folder = URL(fileURLWithPath: options.effects).deletingLastPathComponent().path
            environment["LD_PRELOAD"] = try ShiftedClock.library(in: folder)
            environment[ShiftedClock.variable] = "\(options.shift)"
        }
        let json = String(decoding: try JSONEncoder().encode(options), as: UTF8.self)
        self.process = try TalkingProcess("durable-faults", ["worker", json], environment: environment)
        self.process.listen { line in
            if line == "ready" {
                self.state.withLock { $0.isReady = true }
            } else if line.hasPrefix("accepted ") {
                accepted(String(line.dropFirst(9)))
            } else {
                self.state.withLock { $0.lastWords = line }
            }
        }
    }

    var pid: Int32 { self.process.pid }
    var isReady: Bool { self.state.withLock { $0.isReady } }
    var hasEnded: Bool { self.process.status != nil }
    /// Whether it ended since it found no database at its start.
    var foundNoDatabase: Bool { self.process.exit == Worker.noDatabase }
    /// How it ended, in words.
    var ending: String {
        guard self.hasEnded else { return "still running" }
        let how = self.process.exit.map { "exit status \($0)" } ?? "signal \(self.process.signal ?? 0)"
        let words = self.state.withLock { $0.lastWords }
        return words.isEmpty ? how : "\(how), saying: \(words)"
    }

    func send(_ signal: Int32) { self.process.send(signal) }

    /// Has it start a program.
    func start(_ scenario: Scenario) {
        guard let json = try? JSONEncoder().encode(scenario.program) else { return }
        self.process.say("start \(scenario.version) \(scenario.id) \(String(decoding: json, as: UTF8.self))")
    }

    func waitUntilEnded(within limit: Duration = .seconds(120)) async throws {
        try await Deadline.wait("worker \(self.pid) ends", within: limit) { self.hasEnded }
    }

    /// Closes its input, which ends it at once.
    func end() { self.process.end() }
}

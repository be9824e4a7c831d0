// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TemporaryPostgres

/// A worker, seen from the suite: this program once more, as a process of its own.
final class WorkerProcess: Sendable {
    private struct State {
        var isReady = false
        var lastWords = ""
        var status: Int32?
        var isInputClosed = false
    }

    let options: WorkerOptions
    private let child: Child
    private let state = Mutex(State())
    private let accepted: @Sendable (String) -> Void

    /// - Parameter accepted: told of each workflow that it has started.
    init(_ options: WorkerOptions, accepted: @escaping @Sendable (String) -> Void) throws {
        self.options = options
        self.accepted = accepted
        var environment = ProcessInfo.processInfo.environment
        if options.shift != 0 {
            let folder = URL(fileURLWithPath: options.effects).deletingLastPathComponent().path
            environment["LD_PRELOAD"] = try ShiftedClock.library(in: folder)
            environment[ShiftedClock.variable] = "\(options.shift)"
        }
        let json = String(decoding: try JSONEncoder().encode(options), as: UTF8.self)
        self.child = try Child.spawn(
            Self.program,
            ["worker", json],
            environment: environment.map { "\($0.key)=\($0.value)" },
            errorsToOutput: true
        )
        Thread.detachNewThread { self.read() }
    }

    /// This program, or the one that lies beside the tests.
    private static var program: String {
        #if canImport(Darwin)
            let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? Bundle.main
            let folder = bundle.bundleURL.deletingLastPathComponent()
        #else
            let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "."
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        #endif
        return folder.appendingPathComponent("durable-faults").path
    }

    private func read() {
        while let line = self.child.readLine() {
            if line == "ready" {
                self.state.withLock { $0.isReady = true }
            } else if line.hasPrefix("accepted ") {
                self.accepted(String(line.dropFirst(9)))
            } else {
                self.state.withLock { $0.lastWords = line }
            }
        }
        let status = self.child.wait()
        self.state.withLock { $0.status = status }
    }

    var pid: Int32 { self.child.pid }
    var isReady: Bool { self.state.withLock { $0.isReady } }
    var hasEnded: Bool { self.state.withLock { $0.status != nil } }
    /// Whether it ended since it found no database at its start.
    var foundNoDatabase: Bool { self.state.withLock { $0.status == Worker.noDatabase << 8 } }
    /// How it ended, in words.
    var ending: String {
        let (status, words) = self.state.withLock { ($0.status, $0.lastWords) }
        guard let status else { return "still running" }
        let how = status & 0x7F == 0 ? "exit status \((status >> 8) & 0xFF)" : "signal \(status & 0x7F)"
        return words.isEmpty ? how : "\(how), saying: \(words)"
    }

    func send(_ signal: Int32) { kill(self.pid, signal) }

    /// Has it start a program.
    func start(_ scenario: Scenario) {
        guard let json = try? JSONEncoder().encode(scenario.program) else { return }
        _ = self.child.write("start \(scenario.version) \(scenario.id) \(String(decoding: json, as: UTF8.self))\n")
    }

    func waitUntilEnded(within limit: Duration = .seconds(120)) async throws {
        try await Deadline.wait("worker \(self.pid) ends", within: limit) { self.hasEnded }
    }

    /// Closes its input, which ends it at once.
    func end() {
        let isFirst = self.state.withLock { state in
            defer { state.isInputClosed = true }
            return !state.isInputClosed
        }
        guard isFirst else { return }
        self.send(SIGCONT)
        self.child.closeInput()
    }
}

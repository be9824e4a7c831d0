// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation
import Libpq
import Logging
import Synchronization
import TemporaryPostgres

/// This program once more, as a process of its own that runs an engine until its standard input ends.
final class BenchWorker: Sendable {
    private let child: Child
    private let lines = Mutex<[String]>([])

    init(_ database: BenchServer.Database) throws {
        self.child = try Child.spawn(
            try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
            ["--worker", database.text],
            environment: ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" },
            errorsToOutput: true
        )
        Thread.detachNewThread {
            while let line = self.child.readLine() { self.lines.withLock { $0.append(line) } }
            _ = self.child.wait()
        }
    }

    /// Waits for a line that begins with these words, and takes it.
    func line(_ words: String, within limit: Duration = .seconds(300)) async throws -> String {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            let found = self.lines.withLock { lines -> String? in
                guard let index = lines.firstIndex(where: { $0 == words || $0.hasPrefix(words + " ") }) else {
                    return nil
                }
                return lines.remove(at: index)
            }
            if let found { return found }
            try await Task.sleep(for: .microseconds(500))
        }
        throw BenchFailure("the worker did not say \"\(words)\": \(self.lines.withLock { $0.suffix(3) })")
    }

    /// How much memory it has, in bytes.
    func residentBytes() async throws -> Int {
        guard self.child.write("resident\n") else { throw BenchFailure("the worker has ended") }
        let words = try await self.line("resident").split(separator: " ")
        guard words.count == 2, let bytes = Int(words[1]) else { throw BenchFailure("the worker said \(words)") }
        return bytes
    }

    /// Asks it to end in order.
    func end() { self.child.closeInput() }

    /// Ends it as the machine would.
    func kill() { _ = Foundation.kill(self.child.pid, SIGKILL) }

    var pid: Int32 { self.child.pid }

    // MARK: - In the worker

    static func say(_ words: String) {
        FileHandle.standardOutput.write(Data((words + "\n").utf8))
    }

    /// Runs an engine; says how long it took to be ready, and how much memory it has then.
    static func run(_ database: String) async throws {
        var logger = Logger(label: "worker")
        logger.logLevel = .error
        let engine = try DurableEngine(
            database: PostgresConfiguration(database),
            workflows: [BenchWaiter(), BenchSleeper(), BenchStepper()],
            logger: logger
        )
        let began = ProcessMeter.now()
        let running = Task { try await engine.run() }
        try await engine.waitUntilReady()
        let ready = Double(ProcessMeter.now() - began) / 1e9
        self.say("ready \(ready)")
        await Task.detached {
            // Each line asks how much memory it has.
            while readLine() != nil { self.say("resident \(ProcessMeter.residentBytes())") }
        }.value
        running.cancel()
        _ = await running.result
    }
}

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
            ["worker", database.server.postgres.connectionString(database: database.name)],
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

    func end() { self.child.closeInput() }

    // MARK: - In the worker

    /// Nanoseconds of the clock that every process of the machine shares.
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    static func say(_ words: String) {
        FileHandle.standardOutput.write(Data((words + "\n").utf8))
    }

    /// Runs an engine; says how long it took to be ready, and how much memory it has then.
    static func run(_ database: String) async throws {
        var logger = Logger(label: "worker")
        logger.logLevel = .error
        let engine = try DurableEngine(
            database: PostgresConfiguration(database),
            workflows: [BenchWaiter(), BenchSleeper()],
            logger: logger
        )
        let began = self.now()
        let running = Task { try await engine.run() }
        try await engine.waitUntilReady()
        let ready = Double(self.now() - began) / 1e9
        // A few rounds of everything that it does by the clock.
        try await Task.sleep(for: .seconds(5))
        self.say("ready \(ready) \(self.residentBytes())")
        await Task.detached { while readLine() != nil {} }.value
        running.cancel()
        _ = await running.result
    }

    private static func residentBytes() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}

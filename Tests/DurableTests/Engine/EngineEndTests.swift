// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Foundation
import Testing

@Suite struct EngineEndTests {
    /// In a process of its own, where no other test's engine has threads.
    @Test func `an engine that has ended leaves no thread behind`() async {
        await #expect(processExitsWith: .success) {
            try await withTestDatabase { database in
                for _ in 0..<3 {
                    let engine = try DurableEngine(database: database.configuration, workflows: [])
                    let running = Task { try await engine.run() }
                    try await engine.waitUntilReady()
                    running.cancel()
                    try await running.value
                }
                let limit = ContinuousClock.now + .seconds(20)
                while try EngineEndTests.leaseThreads() > 0 {
                    guard ContinuousClock.now < limit else { exit(1) }
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
        }
    }

    private static func leaseThreads() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count { task in
            // A thread may end between the two.
            let name = try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8)
            return name?.hasPrefix("durable-lease") ?? false
        }
    }
}

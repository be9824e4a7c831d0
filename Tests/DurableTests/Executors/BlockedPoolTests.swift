// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Testing

@testable import Durable

@Suite(.serialized) struct BlockedPoolTests {
    /// In a process of its own: it would stop every other test of this one.
    @Test func `64 steps that block every thread of the pool for three leases cost no lease`() async {
        await #expect(processExitsWith: .success) { try await Self.blockThePool() }
    }

    private static func blockThePool() async throws {
        try await ExecutorFixture.run { fixture in
            let period = Duration.seconds(1)
            let (executor, events) = fixture.executor(period: period)
            let lease = try await executor.register()

            let gate = DispatchSemaphore(value: 0)
            let blocked = Recorder<Int>()
            let permissions = Recorder<Bool>()
            let probe = Recorder<Bool>()
            let observer = Thread {
                // As many as the pool has threads: from now on no task can run.
                while blocked.all.count < ProcessInfo.processInfo.activeProcessorCount { usleep(1_000) }
                Task.detached { probe.record(true) }
                let end = ContinuousClock.now + period * 3
                while ContinuousClock.now < end {
                    permissions.record(lease.mayStartEffect())
                    usleep(5_000)
                }
                permissions.record(probe.all.isEmpty)
                for _ in 0..<64 { gate.signal() }
            }
            observer.start()
            await withTaskGroup { group in
                for step in 0..<64 { group.addTask { Self.block(step, until: gate, blocked) } }
            }
            #expect(permissions.all.count > 100)
            #expect(permissions.all.allSatisfy { $0 }, "a permission was refused, or the pool was not blocked")
            #expect(events.all.isEmpty)
            #expect(lease.mayStartEffect())
            await executor.stop()
        }
    }

    /// What a step must not do, and some will.
    private static func block(_ step: Int, until gate: DispatchSemaphore, _ blocked: Recorder<Int>) {
        blocked.record(step)
        gate.wait()
    }
}

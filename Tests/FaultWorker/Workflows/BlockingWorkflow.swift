// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Durable
import FaultProcesses
import Foundation
import Synchronization

/// 64 steps that block the threads they run on: what a step must not do, and some will.
struct BlockingWorkflow: Workflow {
    static let name = "blocking"

    let effects: EffectLog

    func run(_ milliseconds: Int, in workflow: WorkflowContext) async throws -> Int {
        let effects = self.effects
        let block = Block(milliseconds: milliseconds)
        let ends = try await workflow.map(Array(0..<64)) { number, branch in
            try await branch.step("block") { step in
                effects.begin(step, "block-\(number)")
                block.wait()
                effects.end(step, "block-\(number)")
                return 1
            }
        }
        return ends.reduce(0, +)
    }
}

/// Blocks threads until some time has passed since every thread of the pool was blocked.
private final class Block: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let blocked = Atomic(0)

    init(milliseconds: Int) {
        let watcher = Thread { [self] in
            // As many as the pool has threads: from then on no task can run.
            while self.blocked.load(ordering: .acquiring) < ProcessInfo.processInfo.activeProcessorCount {
                usleep(1_000)
            }
            System.write("blocked", to: 1)
            usleep(UInt32(milliseconds) * 1_000)
            System.write("unblocked", to: 1)
            for _ in 0..<64 { self.semaphore.signal() }
        }
        watcher.start()
    }

    func wait() {
        self.blocked.add(1, ordering: .acquiringAndReleasing)
        self.semaphore.wait()
    }
}

// SPDX-License-Identifier: Apache-2.0

import Durable
import Libpq
import Synchronization

/// Notes what of one workflow becomes durable, and cuts every connection of its engine at one point of it.
final class CrashProbe: DurabilityProbe {
    private struct State {
        var begun: [DurablePoint: Int] = [:]
        var done: [DurablePoint: Int] = [:]
        var points: [(point: DurablePoint, number: Int)] = []
    }

    private let workflow: String
    private let target: CrashPoint?
    private let gate: ConnectionGate
    private let state = Mutex(State())

    init(workflow: String, target: CrashPoint?, gate: ConnectionGate) {
        self.workflow = workflow
        self.target = target
        self.gate = gate
    }

    /// What has become durable, in order, and which one of its kind it was.
    var points: [(point: DurablePoint, number: Int)] { self.state.withLock { $0.points } }

    var isCut: Bool { self.gate.isClosed }

    func willCommit(_ points: [DurablePoint]) {
        let isHit = self.state.withLock { state in
            var isHit = false
            for point in points where point.workflow == self.workflow {
                let number = (state.begun[point] ?? 0) + 1
                state.begun[point] = number
                isHit = isHit || self.target == CrashPoint(moment: .before, point: point, number: number)
            }
            return isHit
        }
        if isHit { self.gate.close() }
    }

    func didCommit(_ points: [DurablePoint]) {
        guard !self.isCut else { return }
        let isHit = self.state.withLock { state in
            var isHit = false
            for point in points where point.workflow == self.workflow {
                let number = (state.done[point] ?? 0) + 1
                state.done[point] = number
                state.points.append((point, number))
                isHit = isHit || self.target == CrashPoint(moment: .after, point: point, number: number)
            }
            return isHit
        }
        if isHit { self.gate.close() }
    }
}

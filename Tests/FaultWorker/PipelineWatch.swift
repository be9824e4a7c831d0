// SPDX-License-Identifier: Apache-2.0

import FaultProcesses
import Libpq
import Synchronization

/// Follows the driver's trace: numbers the pipelines that write, tells them to a file, and raises a signal at one of them.
///
/// A point is named by what its pipeline does and which one of that kind it is, such as `transaction.commit#2`: so it is the
/// same point in every run, even where two connections are at work.
final class PipelineWatch: Sendable {
    private struct State {
        var counts: [String: Int] = [:]
        /// Per connection, what is under way; nil for pipelines that write nothing.
        var underWay: [Int: [String?]] = [:]
        var completed: [String: Int] = [:]
        var isDone = false
    }

    private let fault: Fault?
    private let trace: Int32?
    private let state = Mutex(State())

    init(fault: Fault?, trace: String?) {
        self.fault = fault
        self.trace = trace.map { System.openForAppending($0) }
    }

    /// How many pipelines of a kind have been answered.
    func completed(_ name: String) -> Int { self.state.withLock { $0.completed[name] ?? 0 } }

    func observe(_ event: StatementEvent) {
        switch event.phase {
        case .sending: self.sending(event)
        case .completed, .failed: self.answered(event)
        }
    }

    private func sending(_ event: StatementEvent) {
        let name = PipelineName.of(event.statements)
        self.state.withLock { state in
            guard let name else {
                state.underWay[event.connection, default: []].append(nil)
                return
            }
            state.counts[name, default: 0] += 1
            let point = "\(name)#\(state.counts[name, default: 0])"
            state.underWay[event.connection, default: []].append(point)
            self.tell("sending \(point)")
            self.raise(at: point, .before, &state)
        }
    }

    private func answered(_ event: StatementEvent) {
        self.state.withLock { state in
            guard var list = state.underWay[event.connection], !list.isEmpty else { return }
            let point = list.removeFirst()
            state.underWay[event.connection] = list
            guard let point else { return }
            self.tell("\(event.phase) \(point)")
            if event.phase == .completed { self.raise(at: point, .after, &state) }
            state.completed[String(point.prefix { $0 != "#" }), default: 0] += 1
        }
    }

    /// Raises the signal, if this is the point for it.
    ///
    /// Within the lock, which every pipeline takes: between the line that tells of the signal and the end of the process no other
    /// connection sends anything, and nothing else gets into the trace.
    private func raise(at point: String, _ moment: Fault.Moment, _ state: inout State) {
        // A later pipeline of the same name does not exist; but who was stopped goes on, and must not be stopped again.
        guard let fault, fault.moment == moment, fault.point == point, !state.isDone else { return }
        state.isDone = true
        self.tell("\(fault.signal.rawValue) \(moment.rawValue) \(point)")
        switch fault.signal {
        case .kill: System.die()
        case .stop: System.freeze()
        }
    }

    private func tell(_ line: String) {
        if let trace { System.write(line, to: trace) }
    }
}

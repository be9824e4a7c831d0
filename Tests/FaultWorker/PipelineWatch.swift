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
        let point = self.state.withLock { state -> String? in
            guard let name else {
                state.underWay[event.connection, default: []].append(nil)
                return nil
            }
            state.counts[name, default: 0] += 1
            let point = "\(name)#\(state.counts[name, default: 0])"
            state.underWay[event.connection, default: []].append(point)
            return point
        }
        guard let point else { return }
        if let trace { System.write("sending \(point)", to: trace) }
        self.raise(at: point, .before)
    }

    private func answered(_ event: StatementEvent) {
        let point = self.state.withLock { state -> String? in
            guard var list = state.underWay[event.connection], !list.isEmpty else { return nil }
            let point = list.removeFirst()
            state.underWay[event.connection] = list
            return point
        }
        guard let point else { return }
        if let trace { System.write("\(event.phase) \(point)", to: trace) }
        if event.phase == .completed { self.raise(at: point, .after) }
        self.state.withLock { $0.completed[String(point.prefix { $0 != "#" }), default: 0] += 1 }
    }

    private func raise(at point: String, _ moment: Fault.Moment) {
        guard let fault, fault.moment == moment, fault.point == point else { return }
        // A later pipeline of the same name does not exist; but who was stopped goes on, and must not be stopped again.
        let isFirst = self.state.withLock { state in
            defer { state.isDone = true }
            return !state.isDone
        }
        guard isFirst else { return }
        if let trace { System.write("\(fault.signal.rawValue) \(moment.rawValue) \(point)", to: trace) }
        switch fault.signal {
        case .kill: System.die()
        case .stop: System.freeze()
        }
    }
}

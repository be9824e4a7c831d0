// SPDX-License-Identifier: Apache-2.0

import FaultProcesses
import Synchronization

/// Places where the code waits until the test says `go`.
///
/// Waiting there ignores cancellation, as bad steps do.
final class Gates: Sendable {
    private struct State {
        /// How many arrivals are still held, by gate.
        var closed: [String: Int]
        var waiters: [String: [CheckedContinuation<Void, Never>]] = [:]
    }

    private let state: Mutex<State>

    init(_ closed: [String]) {
        var gates: [String: Int] = [:]
        for gate in closed {
            let parts = gate.split(separator: ":")
            gates[String(parts[0])] = parts.count > 1 ? Int(parts[1]) ?? 1 : .max
        }
        self.state = Mutex(State(closed: gates))
    }

    /// Passes when the gate is open, now or later.
    func pass(_ gate: String, for id: String) async {
        await withCheckedContinuation { waiter in
            let isOpen = self.state.withLock { state in
                guard let held = state.closed[gate], held > 0 else { return true }
                if held < .max { state.closed[gate] = held - 1 }
                state.waiters[gate, default: []].append(waiter)
                return false
            }
            if isOpen {
                waiter.resume()
            } else {
                System.write("gate \(gate) \(id)", to: 1)
            }
        }
    }

    /// Opens a gate for good.
    func open(_ gate: String) {
        let waiters = self.state.withLock { state in
            state.closed[gate] = nil
            return state.waiters.removeValue(forKey: gate) ?? []
        }
        for waiter in waiters { waiter.resume() }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How often each nemesis has struck in a round.
final class Strikes: Sendable {
    /// Under what the report says what a nemesis could not do: that is no word about the engine.
    static let invariant = "the suite works"

    private struct State {
        var counts: [NemesisName: Int] = [:]
        var trouble: [Violation] = []
        var isOver = false
    }

    private let state = Mutex(State())

    var counts: [NemesisName: Int] { self.state.withLock { $0.counts } }
    /// What a nemesis could not do; then the round says nothing.
    var trouble: [Violation] { self.state.withLock { $0.trouble } }

    /// Whether no further strike begins.
    var isOver: Bool { self.state.withLock { $0.isOver } }

    func end() { self.state.withLock { $0.isOver = true } }

    func count(_ name: NemesisName) { self.state.withLock { $0.counts[name, default: 0] += 1 } }

    func failed(_ name: NemesisName, _ error: any Error) {
        let violation = Violation(invariant: Self.invariant, workflow: nil, words: "\(name.rawValue): \(error)")
        self.state.withLock { $0.trouble.append(violation) }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Durable
import Synchronization

/// What steps and transactions do in a test instead of their bodies.
///
/// A stand-in is found by the name of the step, and, where it is given, by which one of that name in its scope it is. Of
/// several that fit, the one that was added last counts. One that is never met fails the test.
///
/// ```swift
/// let standIns = StandIns()
/// standIns.step("charge", .returns(Charge(id: "c-1")))
/// standIns.step("email", occurrence: 2, .fails(with: MailServerAway(), times: 2))
/// try await withTestEngine([Checkout()], clock: .skipping, standIns: standIns) { test in
///     try await test.run(Checkout.self, order)
/// }
/// ```
public final class StandIns: Sendable {
    private struct Rule {
        let name: String
        let occurrence: Int?
        let behavior: StandInBehavior
        var isMet = false

        var label: String { self.occurrence.map { "\(self.name)#\($0)" } ?? self.name }

        func fits(_ sight: AttemptSight) -> Bool {
            guard let occurrence else { return sight.name == self.name }
            return sight.name == self.name
                && sight.label == (occurrence == 1 ? self.name : "\(self.name)#\(occurrence)")
        }
    }

    private struct State {
        var rules: [Rule] = []
        var hanging: [String: Int] = [:]
    }

    private let state = Mutex(State())

    /// None yet.
    public init() {}

    /// Adds a stand-in for a step or a transaction.
    ///
    /// - Parameters:
    ///   - name: The step's name.
    ///   - occurrence: Which step of that name in its scope, from 1; nil for every one.
    ///   - behavior: What it does.
    public func step(_ name: String, occurrence: Int? = nil, _ behavior: StandInBehavior) {
        self.state.withLock { $0.rules.append(Rule(name: name, occurrence: occurrence, behavior: behavior)) }
    }

    /// The stand-ins that no attempt has met, as people write them: `charge`, `email#2`.
    public var unmet: [String] {
        self.state.withLock { $0.rules.filter { !$0.isMet }.map(\.label) }
    }

    /// Throws ``TestFailure`` naming the stand-ins that no attempt has met.
    public func checkAllMet() throws {
        let unmet = self.unmet
        guard !unmet.isEmpty else { return }
        let names = unmet.map { "\"\($0)\"" }.joined(separator: ", ")
        throw TestFailure("no step met the stand-in for \(names): is that what the step is called?")
    }

    /// Workflows that a stand-in keeps from ending.
    var hanging: [String] { self.state.withLock { Array($0.hanging.keys) } }

    func standIn(for sight: AttemptSight) -> StandIn {
        self.state.withLock { state in
            guard let index = state.rules.lastIndex(where: { $0.fits(sight) }) else { return .body }
            state.rules[index].isMet = true
            switch state.rules[index].behavior.kind {
            case .value(let value): return .value(value)
            case .failures(let error, let times): return sight.attempt <= times ? .failure(error) : .body
            case .timeouts(let times): return sight.attempt <= times ? .timeout : .body
            case .hang:
                state.hanging[sight.workflow, default: 0] += 1
                return .hang { [self] in self.ended(sight.workflow) }
            }
        }
    }

    private func ended(_ workflow: String) {
        self.state.withLock { state in
            let left = (state.hanging[workflow] ?? 0) - 1
            state.hanging[workflow] = left > 0 ? left : nil
        }
    }
}

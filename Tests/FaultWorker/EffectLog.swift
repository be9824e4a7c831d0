// SPDX-License-Identifier: Apache-2.0

import Durable
import FaultProcesses

/// What steps do to the world outside of the database: lines in a file that everybody appends to.
struct EffectLog: Sendable {
    private let descriptor: Int32

    init(_ path: String) { self.descriptor = System.openForAppending(path) }

    func begin(_ step: StepContext, _ place: String) { self.write("begin", step, place) }
    func end(_ step: StepContext, _ place: String) { self.write("end", step, place) }

    /// One effect, from its beginning to its end.
    func perform(_ step: StepContext, _ place: String) {
        self.begin(step, place)
        self.end(step, place)
    }

    /// One effect that waits in its middle until the test says go.
    func hold(_ step: StepContext, _ place: String, at gates: Gates) async {
        self.begin(step, place)
        await gates.pass(place, for: step.workflow)
        self.end(step, place)
    }

    private func write(_ what: String, _ step: StepContext, _ place: String) {
        let words = [
            what, step.workflow, place, "\(step.attempt)", "\(System.pid)", "\(step.fencingToken)", "\(System.now())",
        ]
        System.write(words.joined(separator: " "), to: self.descriptor)
    }
}

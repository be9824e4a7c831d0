// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Durable
import Libpq

/// Which workflows are meant: those for which every option that is given holds.
struct WorkflowFilter: ParsableArguments {
    @Option(
        name: .long,
        help: "A state, or several: queued, running, waiting, paused, cancelling, succeeded, failed, cancelled."
    )
    var state: [String] = []

    @Option(name: .long, help: "The name of a workflow type; may be given again.")
    var name: [String] = []

    @Option(name: .customLong("id-prefix"), help: "What the id begins with.")
    var idPrefix: String?

    @Option(name: .long, help: "Started since: 90s, 15m, 2h, 7d ago, or a time such as 2026-01-31T09:05:07Z.")
    var since: String?

    @Option(name: .long, help: "Started before; written as --since.")
    var before: String?

    @Option(name: .customLong("error-type"), help: "The type of its error.")
    var errorType: String?

    mutating func validate() throws {
        self.state = self.state.flatMap { $0.split(separator: ",").map(String.init) }
        for state in self.state where WorkflowState(rawValue: state) == nil {
            let all = WorkflowState.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\"\(Printable.text(state))\" is no state. States are \(all).")
        }
        for text in [self.since, self.before].compactMap(\.self) where PointInTime(text) == nil {
            throw PointInTime.refusal(text)
        }
    }

    /// Whether it leaves anything out.
    var isEmpty: Bool {
        self.state.isEmpty && self.name.isEmpty && self.idPrefix == nil && self.since == nil && self.before == nil
            && self.errorType == nil
    }

    /// The first six parameters of the statements that select by it.
    func parameters(at now: PostgresTimestamp) -> [Parameter] {
        [
            Parameter(self.state.isEmpty ? nil : self.state),
            Parameter(self.name.isEmpty ? nil : self.name),
            Parameter(self.idPrefix),
            Parameter(self.since.flatMap { PointInTime($0) }?.time(at: now)),
            Parameter(self.before.flatMap { PointInTime($0) }?.time(at: now)),
            Parameter(self.errorType),
        ]
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Something that holds after every round, whatever was done in it.
///
/// Pure: what is known goes in, what was broken comes out.
protocol Invariant: Sendable {
    static var name: String { get }
    static func violations(in evidence: Evidence) -> [Violation]
}

/// All of them.
enum Invariants {
    static let all: [any Invariant.Type] = [
        EveryStartEnds.self, OneOutcome.self, TransactionsCountOnce.self, StepsAreNotRepeated.self,
        CausesAreDurable.self, NobodySupersededWrites.self, SignalsAreConsumedOnce.self, UndosRunInReverse.self,
        ParentsSeeTheirChildren.self, GroupsSeeTheirChildren.self, ProgramsSeeNoWonder.self, ResultsAreReturned.self,
        NothingIsLeftBehind.self, ValuesArePublished.self, StreamsAreInOrder.self, UpdatesAreAnsweredOnce.self,
        EventsArePublishedOnce.self, EnqueuedWithTheirTransaction.self,
    ]

    static func violations(in evidence: Evidence) -> [Violation] {
        evidence.sightings + self.all.flatMap { $0.violations(in: evidence) }
    }
}

extension Invariant {
    static func violation(_ workflow: String?, _ words: String) -> Violation {
        Violation(invariant: self.name, workflow: workflow, words: words)
    }
}

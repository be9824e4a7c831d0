// SPDX-License-Identifier: Apache-2.0

/// A workflow as data: what the interpreter is given as its input.
struct Program: Codable, Sendable, Hashable {
    /// How it ends, if nobody cancels it.
    enum Ending: String, Codable, Sendable, Hashable {
        case succeeds
        /// It throws at its end.
        case fails
        /// At its end it asks the outside to cancel it, and waits for that.
        case awaitsCancellation
        /// It throws at its end, and an undo of it fails: it is paused, and says so.
        case pauses
    }

    /// 0, or for a child the number of the operation that runs it.
    var number = 0
    var operations: [Operation]
    var ending = Ending.succeeds

    /// What it begins anew as, one after the other; the ending is the last one's.
    var later: [Program] = []

    /// Each of what it is, one after the other: what it begins with first.
    var generations: [Program] {
        var rest = self
        var found = [rest]
        while let next = rest.next {
            rest = next
            found.append(rest)
        }
        return found
    }

    /// What it begins anew as at its end; nil for the last.
    var next: Program? {
        guard var next = self.later.first else { return nil }
        next.later = Array(self.later.dropFirst())
        next.ending = self.ending
        return next
    }

    /// Every operation in the order of the program, without those of children, and of what it begins anew as.
    var flattened: [PlannedOperation] {
        var found: [PlannedOperation] = []
        PlannedOperation.collect(self.operations, PlannedOperation.Surroundings(), into: &found)
        return found
    }

    /// Every operation of all generations.
    var all: [PlannedOperation] { self.generations.flatMap { $0.flattened } }

    /// How many durable operations it has, with those of its children.
    var count: Int {
        self.all.reduce(0) { count, planned in
            planned.operation.programs.reduce(count + 1) { $0 + $1.count }
        }
    }

    /// The messages that it receives: how many of each name, by name.
    var signals: [(name: String, count: Int)] {
        self.counts { action in if case .receive(let name) = action { name } else { nil } }
    }

    /// The updates that it answers: how many of each name, by name.
    var updates: [(name: String, count: Int)] {
        self.counts { action in if case .answer(let name) = action { name } else { nil } }
    }

    private func counts(_ name: (Action) -> String?) -> [(name: String, count: Int)] {
        var counts: [String: Int] = [:]
        for planned in self.all {
            if let name = name(planned.operation.action) { counts[name, default: 0] += 1 }
        }
        return counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Which operators it uses, with those of its children.
    var operators: Set<Operator> {
        var used: Set<Operator> = []
        switch self.ending {
        case .succeeds: break
        case .fails: used.insert(.failure)
        case .awaitsCancellation: used.insert(.cancellation)
        case .pauses: used.insert(.pause)
        }
        if !self.later.isEmpty { used.insert(.continuation) }
        for planned in self.all {
            used.formUnion(planned.operators)
            for child in planned.operation.programs {
                used.formUnion(child.operators)
                if child.flattened.contains(where: { $0.operators.contains { $0.isGroup } }) { used.insert(.nested) }
            }
        }
        return used
    }
}

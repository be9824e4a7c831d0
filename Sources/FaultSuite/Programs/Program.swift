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

    /// Every operation in the order of the program, without those of children.
    var flattened: [PlannedOperation] {
        var found: [PlannedOperation] = []
        PlannedOperation.collect(self.operations, PlannedOperation.Surroundings(), into: &found)
        return found
    }

    /// How many durable operations it has, with those of its children.
    var count: Int {
        self.flattened.reduce(0) { count, planned in
            guard case .child(let child, _) = planned.operation.action else { return count + 1 }
            return count + 1 + child.count
        }
    }

    /// The messages that it receives: how many of each name, by name.
    var signals: [(name: String, count: Int)] {
        var counts: [String: Int] = [:]
        for planned in self.flattened {
            if case .receive(let name) = planned.operation.action { counts[name, default: 0] += 1 }
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
        for planned in self.flattened {
            used.formUnion(planned.operators)
            if case .child(let child, _) = planned.operation.action {
                used.formUnion(child.operators)
                if child.flattened.contains(where: { $0.operators.contains { $0.isGroup } }) { used.insert(.nested) }
            }
        }
        return used
    }
}

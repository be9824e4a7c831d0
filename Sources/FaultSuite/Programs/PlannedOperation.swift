// SPDX-License-Identifier: Apache-2.0

/// An operation and where it stands in its program.
struct PlannedOperation: Sendable, Hashable {
    /// What is around an operation.
    struct Surroundings: Sendable, Hashable {
        /// The innermost saga that fails, if one does: there it is undone.
        var failingSaga: Int?
        /// Whether it is a branch's of a race, which may be given up anywhere.
        var isInRace = false
        /// How many groups are around it.
        var depth = 0
    }

    let operation: Operation
    let surroundings: Surroundings

    /// How it is undone, if it is.
    var undo: UndoPlan {
        switch self.operation.action {
        case .step(let plan): plan.undo
        case .transaction(let plan): plan.undo
        default: .none
        }
    }

    /// What it uses.
    var operators: Set<Operator> {
        var used: Set<Operator> = []
        switch self.operation.action {
        case .step(let plan):
            used.insert(.step)
            if plan.fails { used.insert(.failingStep) } else if plan.failures > 0 { used.insert(.flakyStep) }
            if plan.milliseconds >= ProgramGenerator.slow { used.insert(.slowStep) }
        case .transaction(let plan): used.insert(plan.fails ? .failingTransaction : .transaction)
        case .sleep: used.insert(.sleep)
        case .receive: used.insert(.signal)
        case .token: used.insert(.token)
        case .child(_, let isDetached): used.insert(isDetached ? .detachedChild : .child)
        case .parallel: used.insert(.parallel)
        case .map: used.insert(.map)
        case .race: used.insert(.race)
        case .saga(_, let fails): used.insert(fails ? .failingSaga : .saga)
        case .poll: used.insert(.poll)
        case .publish: used.insert(.publish)
        case .event(let isOwn): used.insert(isOwn ? .ownEvent : .event)
        case .answer: used.insert(.update)
        case .append(_, let elements): used.insert(elements == 0 ? .stream : .stepStream)
        case .enqueue(let programs): used.insert(programs.count == 1 ? .enqueue : .bulk)
        case .children: used.insert(.childGroup)
        }
        if self.undo != .none { used.insert(.undo) }
        if self.surroundings.depth > 0, used.contains(where: { $0.isGroup }) { used.insert(.nested) }
        return used
    }

    static func collect(_ operations: [Operation], _ around: Surroundings, into found: inout [PlannedOperation]) {
        for operation in operations {
            found.append(PlannedOperation(operation: operation, surroundings: around))
            var inside = around
            inside.depth += 1
            switch operation.action {
            case .step, .transaction, .sleep, .receive, .token, .child, .poll, .publish, .event, .answer, .append,
                .enqueue, .children:
                break
            case .parallel(let branches), .map(let branches):
                for branch in branches { self.collect(branch, inside, into: &found) }
            case .race(let branches):
                inside.isInRace = true
                for branch in branches { self.collect(branch, inside, into: &found) }
            case .saga(let body, let fails):
                if fails { inside.failingSaga = operation.number }
                self.collect(body, inside, into: &found)
            }
        }
    }
}

extension PlannedOperation {
    /// The number in a name of something that an operation does: `undo op12`, `answer op7`.
    static func number(in name: String) -> Int? {
        name.lastIndex(of: "p").flatMap { Int(name[name.index(after: $0)...]) }
    }

    /// What its transaction writes, if it has one: nil where that is taken back, or nothing.
    var effect: String? {
        let name = self.operation.name
        return switch self.operation.action {
        case .transaction(let plan): plan.fails ? nil : name
        case .event(isOwn: true): "announce \(name)"
        case .answer: "answer \(name)"
        case .enqueue: name
        default: nil
        }
    }

    /// What it is called by whom it begins, if it is a step.
    var step: String? {
        switch self.operation.action {
        case .step, .poll: self.operation.name
        case .append: self.operation.elements.count > 1 ? self.operation.name : nil
        case .token: "hand out \(self.operation.name)"
        case .child(_, isDetached: true): self.operation.name
        default: nil
        }
    }
}

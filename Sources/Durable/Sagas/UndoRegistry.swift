// SPDX-License-Identifier: Apache-2.0

/// What is to be undone if the workflow, or the saga that it belongs to, comes to nothing: by the place of the step.
struct UndoRegistry: Sendable {
    /// The undo of one step.
    struct Entry: Sendable {
        /// The place of the step that it undoes.
        let place: Place
        /// Whether it is known what the step returned.
        let isInformed: Bool
        /// Undoes it: one durable step, in the scope of the context.
        let perform: @Sendable (WorkflowContext) async throws -> Void

        init(
            place: Place,
            isInformed: Bool,
            perform: @escaping @Sendable (WorkflowContext) async throws -> Void
        ) {
            self.place = place
            self.isInformed = isInformed
            self.perform = perform
        }
    }

    private var entries: [Place: Entry] = [:]

    var isEmpty: Bool { self.entries.isEmpty }

    /// A step has begun, or what it returned is known by now.
    ///
    /// A branch of a decided group is entered once more to find what it had recorded; what it did in this run is known better.
    mutating func register(_ entry: Entry) {
        if let known = self.entries[entry.place], known.isInformed, !entry.isInformed { return }
        self.entries[entry.place] = entry
    }

    /// Whether something below one of a group's branches is to be undone.
    func contains(below group: String) -> Bool {
        self.entries.keys.contains { $0.scope.hasPrefix(group + "[") }
    }

    /// Takes what is to be undone in a scope and below it (nil: everywhere), the last of the program first.
    mutating func take(in scope: String? = nil) -> [Entry] {
        let taken = self.entries.values.filter { entry in
            guard let scope else { return true }
            return entry.place.scope == scope || entry.place.scope.hasPrefix(scope + "/")
                || entry.place.scope.hasPrefix(scope + "[")
        }
        for entry in taken { self.entries[entry.place] = nil }
        let ordered = taken.map { (UndoOrder($0.place), $0) }.sorted { $0.0 > $1.0 }.map { $0.1 }
        return Protection.undoOrder.isOn ? ordered : ordered.reversed()
    }
}

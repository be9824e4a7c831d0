// SPDX-License-Identifier: Apache-2.0

/// Walks through one scope of a workflow, and compares each call with what is recorded at its place.
///
/// Pure.
package struct ScopeCursor: Sendable {
    /// What a call meets at its place.
    package enum Finding: Sendable {
        /// It had ended: this is its record.
        case recorded(JournalRecord)
        /// It had begun at least: notes, and no end.
        case begun(notes: [JournalRecord])
        /// Nothing: this is new.
        case fresh
    }

    /// The path of the scope.
    package let scope: String
    private var position: Int32 = 0
    private var occurrences = Occurrences()

    package init(scope: String) {
        self.scope = scope
    }

    /// The place of the next call.
    package var next: Place { Place(scope: self.scope, position: self.position) }

    /// Takes the next place for a call.
    ///
    /// - Throws: `Divergence` when something else is recorded there.
    package mutating func advance(_ kind: JournalKind, _ name: String, in history: History) throws -> (
        place: Place, label: String, finding: Finding
    ) {
        let place = self.next
        let label = self.label(kind, name)
        let entry = history[place]
        // A group that has not ended has no row yet, and a scope never has one: the records below them tell of them.
        if let witness = entry?.witness ?? history.group(at: place), witness.kind != kind || witness.name != name {
            throw Divergence.mismatch(place: place, recorded: witness, expected: kind, name: name)
        }
        self.position += 1
        guard let entry else { return (place, label, .fresh) }
        if let result = entry.result { return (place, label, .recorded(result)) }
        return (place, label, .begun(notes: entry.notes))
    }

    /// Whether a call of this kind and name stands at the next place, without taking it.
    package func stands(_ kind: JournalKind, _ name: String, in history: History) -> Bool? {
        guard let witness = history[self.next]?.witness ?? history.group(at: self.next) else { return nil }
        return witness.kind == kind && witness.name == name
    }

    /// Checks at the normal end of the scope that nothing is left over.
    ///
    /// - Throws: `Divergence` when the history has calls that the code did not make.
    package func finish(in history: History) throws {
        if let leftover = history.leftover(in: self.scope, from: self.position) {
            throw Divergence.leftover(leftover)
        }
    }

    /// The call as people see it: the second `charge` of a scope is `charge#2`.
    private mutating func label(_ kind: JournalKind, _ name: String) -> String {
        let occurrence = self.occurrences.next(kind, name)
        return occurrence == 1 ? name : "\(name)#\(occurrence)"
    }
}

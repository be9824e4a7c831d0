// SPDX-License-Identifier: Apache-2.0

/// What a workflow had recorded when this run began, by scope and position.
///
/// Read-only; a fresh workflow has an empty one.
package struct History: Sendable {
    /// What stands at one place.
    package struct Entry: Sendable {
        /// The result, if the call had ended.
        package var result: JournalRecord?
        /// What was noted before the end: failed attempts, a wake-up time; in order.
        package var notes: [JournalRecord] = []

        /// Any of the rows: they agree on kind and name.
        package var witness: JournalRecord? { self.result ?? self.notes.first }
    }

    private var scopes: [String: [Int32: Entry]] = [:]

    /// How many rows there are.
    package private(set) var count = 0

    package init() {}

    package init(_ records: [JournalRecord]) {
        for record in records { self.insert(record) }
    }

    package var isEmpty: Bool { self.count == 0 }

    package mutating func insert(_ record: JournalRecord) {
        self.count += 1
        var entry = self.scopes[record.place.scope]?[record.place.position] ?? Entry()
        if record.phase == 0 {
            entry.result = record
        } else {
            entry.notes.append(record)
            entry.notes.sort { $0.phase < $1.phase }
        }
        self.scopes[record.place.scope, default: [:]][record.place.position] = entry
    }

    /// What stands at a place.
    package subscript(place: Place) -> Entry? {
        self.scopes[place.scope]?[place.position]
    }

    /// The first record of a scope from a position on, if one is left over there.
    package func leftover(in scope: String, from position: Int32) -> JournalRecord? {
        guard let entries = self.scopes[scope] else { return nil }
        return entries.filter { $0.key >= position }.min { $0.key < $1.key }?.value.witness
    }

    /// The scopes that have records, in a fixed order.
    package var scopePaths: [String] { self.scopes.keys.sorted() }
}

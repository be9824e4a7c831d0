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
        /// With which other inputs it was replayed; in order.
        package var marks: [JournalRecord] = []

        /// Any of the rows: they agree on kind and name.
        package var witness: JournalRecord? { self.result ?? self.notes.first }
        /// Every row.
        package var rows: [JournalRecord] { (self.result.map { [$0] } ?? []) + self.notes + self.marks }
    }

    /// A scope or group of branches that has records below it.
    ///
    /// It may have no row itself: a scope never has one, and a group only once it has ended.
    private struct Group {
        let call: JournalRecord
        /// The last branch that has records, and one of them.
        var last: (branch: Int, record: JournalRecord)
    }

    private var scopes: [String: [Int32: Entry]] = [:]
    private var groups: [String: [Int32: Group]] = [:]

    /// How many rows there are.
    package private(set) var count = 0

    package init() {}

    package init(_ records: [JournalRecord]) {
        for record in records { self.insert(record) }
    }

    package var isEmpty: Bool { self.count == 0 }

    package mutating func insert(_ record: JournalRecord) {
        self.count += 1
        if self.scopes[record.place.scope] == nil { self.enterGroups(of: record) }
        var entry = self.scopes[record.place.scope]?[record.place.position] ?? Entry()
        if record.phase == 0 {
            entry.result = record
        } else if record.phase < 0 {
            entry.marks.append(record)
            entry.marks.sort { $0.phase > $1.phase }
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

    /// The scope or group at a place that has records below it, as a record of the call that opened it.
    package func group(at place: Place) -> JournalRecord? {
        self.groups[place.scope]?[place.position]?.call
    }

    /// A record of a branch beyond so many of the group at a place, if the history has one.
    package func leftover(at place: Place, beyond branches: Int) -> JournalRecord? {
        guard let last = self.groups[place.scope]?[place.position]?.last, last.branch >= branches else { return nil }
        return last.record
    }

    /// How many branches of the group at a place had begun, as far as records tell.
    func branches(at place: Place) -> Int {
        self.groups[place.scope]?[place.position].map { $0.last.branch + 1 } ?? 0
    }

    /// The first call of a scope from a position on, if one is left over there.
    package func leftover(in scope: String, from position: Int32) -> JournalRecord? {
        let calls = (self.scopes[scope] ?? [:]).compactMapValues { $0.witness }
        let opened = (self.groups[scope] ?? [:]).mapValues { $0.call }
        return calls.merging(opened) { call, _ in call }
            .filter { $0.key >= position }
            .min { $0.key < $1.key }?.value
    }

    /// Notes the groups and scopes that the record of a new scope lies in.
    private mutating func enterGroups(of record: JournalRecord) {
        var path = record.place.scope
        while let last = ScopePath.last(of: path) {
            let place = Place(scope: last.parent, position: last.position)
            let call = JournalRecord(
                place: place,
                phase: 0,
                kind: last.branch == nil ? .scope : .join,
                name: last.name,
                at: record.at
            )
            let branch = last.branch ?? 0
            var group = self.groups[place.scope]?[place.position] ?? Group(call: call, last: (branch, record))
            if branch > group.last.branch { group.last = (branch, record) }
            self.groups[place.scope, default: [:]][place.position] = group
            path = last.parent
        }
    }

    /// The places of a scope that have records, in order.
    func places(in scope: String) -> [Place] {
        (self.scopes[scope] ?? [:]).keys.sorted().map { Place(scope: scope, position: $0) }
    }

    /// The scopes that have records, in a fixed order.
    package var scopePaths: [String] { self.scopes.keys.sorted() }
}

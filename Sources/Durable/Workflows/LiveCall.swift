// SPDX-License-Identifier: Apache-2.0

/// A call that is to be done, at its place in the journal.
///
/// A class: a call is handed on by reference, since whatever a step holds while it waits counts for every workflow in flight.
final class LiveCall: Sendable {
    let place: Place
    let kind: JournalKind
    let name: String
    /// The call as people see it.
    let label: String
    /// What was noted of it before a crash.
    let notes: [JournalRecord]
    /// The hash of its inputs, where they are compared on replay.
    let fingerprint: Int64?

    init(place: Place, kind: JournalKind, name: String, label: String, notes: [JournalRecord], fingerprint: Int64?) {
        self.place = place
        self.kind = kind
        self.name = name
        self.label = label
        self.notes = notes
        self.fingerprint = fingerprint
    }
}

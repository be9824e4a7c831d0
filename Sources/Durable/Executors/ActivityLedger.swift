// SPDX-License-Identifier: Apache-2.0

/// Which rows of `durable.activity` stand in the database, so that a renewal writes only what has changed.
struct ActivityLedger: Sendable {
    /// What must be written.
    struct Changes: Hashable, Sendable {
        /// Whether all rows of this executor must go first: what stands there is unknown.
        var clear: Bool
        /// Rows whose step has ended.
        var remove: [ActivityRow]
        /// Rows that are new, or whose attempt is.
        var enter: [ActivityRow]
    }

    private struct Place: Hashable {
        var workflow: String
        var scope: String
        var position: Int32

        init(_ row: ActivityRow) {
            self.workflow = row.workflow
            self.scope = row.scope
            self.position = row.position
        }
    }

    private var written: [Place: ActivityRow] = [:]
    private var writing: [Place: ActivityRow]?
    private var isUnknown = false

    /// What to write now so that `rows` stand there.
    ///
    /// Nil: nothing, or an earlier write is still on its way.
    mutating func changes(to rows: [ActivityRow]) -> Changes? {
        guard self.writing == nil else { return nil }
        let wanted = Dictionary(rows.map { (Place($0), $0) }, uniquingKeysWith: { first, _ in first })
        let changes = Changes(
            clear: self.isUnknown,
            remove: self.isUnknown ? [] : self.written.filter { wanted[$0.key] == nil }.map(\.value),
            enter: wanted.filter { self.isUnknown || self.written[$0.key] != $0.value }.map(\.value)
        )
        guard changes.clear || !changes.remove.isEmpty || !changes.enter.isEmpty else { return nil }
        self.writing = wanted
        return changes
    }

    /// The last changes have committed.
    mutating func succeeded() {
        guard let writing else { return }
        self.written = writing
        self.writing = nil
        self.isUnknown = false
    }

    /// The last changes may or may not have been written.
    mutating func failed() {
        self.writing = nil
        self.isUnknown = true
    }
}

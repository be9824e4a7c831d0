// SPDX-License-Identifier: Apache-2.0

/// The code and the recorded history do not match.
package enum Divergence: Error, Sendable {
    /// At a place the history has another call than the code makes.
    case mismatch(place: Place, recorded: JournalRecord, expected: JournalKind, name: String)
    /// A scope ended, and the history has calls in it that the code did not make.
    case leftover(JournalRecord)

    /// In words that a person can act on.
    package var message: String {
        switch self {
        case .mismatch(let place, let recorded, let kind, let name):
            return """
                the code calls \(kind.word) "\(name)" at \(place), where the history has \(recorded.kind.word) \
                "\(recorded.name)": the workflow's code was changed in a way that this workflow cannot follow. Run it with \
                the code that recorded it, or guard the change with `patched`, then resume it
                """
        case .leftover(let record):
            return """
                the code ended without calling \(record.kind.word) "\(record.name)", which the history has at \
                \(record.place): the workflow's code was changed in a way that this workflow cannot follow. Run it with the \
                code that recorded it, or guard the change with `patched`, then resume it
                """
        }
    }
}

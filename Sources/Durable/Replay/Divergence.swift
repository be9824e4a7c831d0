// SPDX-License-Identifier: Apache-2.0

/// The code and the recorded history do not match.
package enum Divergence: Error, Sendable {
    /// At a place the history has another call than the code makes.
    case mismatch(place: Place, recorded: JournalRecord, expected: JournalKind, name: String)
    /// A scope ended, and the history has calls in it that the code did not make.
    case leftover(JournalRecord)
    /// The code had failed in a scope, and had begun to undo what it had done; now it goes on.
    case revived(String)

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
        case .revived(let scope):
            return """
                the code goes on \(scope.isEmpty ? "" : "in \(scope) ")where it had failed and had begun to undo its steps: \
                the workflow's code was changed in a way that this workflow cannot follow. Run it with the code that \
                recorded it, or guard the change with `patched`, then resume it
                """
        }
    }
}

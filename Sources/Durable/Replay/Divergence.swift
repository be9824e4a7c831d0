// SPDX-License-Identifier: Apache-2.0

/// The code and the recorded history do not match.
package enum Divergence: Error, Sendable {
    /// At a place the history has another call than the code makes.
    case mismatch(place: Place, recorded: JournalRecord, expected: JournalKind, name: String)
    /// A scope ended, and the history has calls in it that the code did not make.
    case leftover(JournalRecord)
    /// The code had failed in a scope, and had begun to undo what it had done; now it goes on.
    case revived(String)
    /// The call is the recorded one, with other inputs.
    case inputs(recorded: JournalRecord, label: String, isStrict: Bool)

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
        case .inputs(let recorded, let label, isStrict: false):
            return """
                the code calls \(recorded.kind.word) "\(label)" at \(recorded.place) with other inputs than those it was \
                recorded with, by the same build: the workflow is not deterministic. Look for what differs from run to run \
                (time, chance, the order of a set, an argument taken from outside), mend it, then resume it
                """
        case .inputs(let recorded, let label, isStrict: true):
            return """
                the code calls \(recorded.kind.word) "\(label)" at \(recorded.place) with other inputs than those it was \
                recorded with, and the step is strict about its inputs: run it with the code that recorded it, or guard the \
                change with `patched`, then resume it
                """
        }
    }
}

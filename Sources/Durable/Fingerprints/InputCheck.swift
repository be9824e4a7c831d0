// SPDX-License-Identifier: Apache-2.0

/// What happens when an annotated step is replayed with inputs other than those that its record was made from.
///
/// The inputs themselves are not recorded: their fingerprint is, a 64-bit hash of their canonical encoding.
public struct InputCheck: Sendable, Hashable {
    enum Choice: Sendable, Hashable {
        case checked
        case strict
        case ignored
    }

    let choice: Choice

    /// The default: who recorded the inputs decides.
    ///
    /// Inputs that differ pause the workflow where the same build of the program recorded them, since then the workflow is
    /// not deterministic. Where another build did (a field was added), they are reported, and it goes on.
    public static let checked = InputCheck(choice: .checked)

    /// Inputs that differ always pause the workflow, whichever build recorded them.
    public static let strict = InputCheck(choice: .strict)

    /// No fingerprint is taken: costs nothing, and inputs need not be `Encodable`.
    public static let ignored = InputCheck(choice: .ignored)
}

// SPDX-License-Identifier: Apache-2.0

/// What becomes of a child when the workflow that started it is cancelled, fails, or runs out of time.
///
/// When its parent succeeds, a child goes on in any case.
public enum ParentEndPolicy: Sendable, Hashable {
    /// It is cancelled, with the chance to undo what it has done. The default.
    case cancel
    /// It goes on: it is detached.
    case abandon
}

// SPDX-License-Identifier: Apache-2.0

/// What a scope may do at its first call that is not recorded.
enum Frontier: Sendable {
    /// Go on.
    case open
    /// Nothing more: the workflow was cancelled, or its time is over, and this run only finds what is to be undone.
    case cancelled
    /// Nothing more: the group that the branch belongs to is decided, and it is entered only to find what is to be undone.
    case decided
    /// Nothing more: the code had failed here, and what it had done is being undone.
    case failed
}

// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// One thing that needs a person, as `durable.attention` lists it.
public struct AttentionItem: Sendable, Hashable {
    /// How bad it is.
    ///
    /// 1: work stands still until a person acts. 2: it may come right by itself, and has not for long. 3: worth a look.
    public let severity: Int
    /// What kind of thing: `paused`, `dead executor`, `schema mismatch`, `not offered`, `retrying`, `writer behind`, `not delivered`,
    /// `overdue`, `name paused`, `queue paused`.
    public let kind: String
    /// The workflow, or one of several; nil where it is about a process or a workflow type.
    public let workflow: String?
    /// The workflow type, the process, or the queue.
    public let name: String
    /// Since when, where that is known.
    public let since: Date?
    /// What is the matter.
    public let what: String
    /// The SQL to type next.
    public let statement: String
}

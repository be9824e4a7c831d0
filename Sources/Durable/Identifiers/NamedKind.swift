// SPDX-License-Identifier: Apache-2.0

/// What has a name; the raw value is the word for it in an error.
package enum NamedKind: String, Sendable, CaseIterable {
    case workflow, step, transaction, sleep, scope, branch, patch, group, executor, queue
    case signal, token, event, value, update, stream

    /// Whether the name becomes part of a scope path.
    var isPartOfPath: Bool { self == .scope || self == .branch || self == .group }
}

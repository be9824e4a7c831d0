// SPDX-License-Identifier: Apache-2.0

/// Why an identity is over.
///
/// An identity that is over never comes back; the process registers a new one.
package enum LeaseEnding: Hashable, Sendable, CustomStringConvertible {
    /// Another process declared this one dead and took its work.
    case fenced
    /// The server was restarted, has recovered from a crash, failed over, or was restored from a backup: what this process believes
    /// to be recorded may not be.
    case incarnationChanged
    /// This process gave its lease back (shutdown).
    case stopped

    /// The ending in a few words, for logs.
    package var description: String {
        switch self {
        case .fenced: "another process took over"
        case .incarnationChanged: "the database server was restarted, has crashed, failed over, or was restored"
        case .stopped: "stopped"
        }
    }
}

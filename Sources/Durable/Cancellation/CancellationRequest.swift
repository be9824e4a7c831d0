// SPDX-License-Identifier: Apache-2.0

/// A request to cancel that lies in `durable.cancellation`.
package struct CancellationRequest: Sendable, Equatable {
    /// The last of the requests for this workflow: those up to it are being carried out.
    package var id: Int64
    /// The reason that the first one gave.
    package var reason: String?
    /// Whoever asked could see that its code does not know what it has recorded (it was paused as diverged or undecodable): it
    /// is to end all the same.
    package var isInsistent = false

    package var cleanUp: CleanUp { CleanUp(.cancelled, reason: self.reason, isInsistent: self.isInsistent) }

    /// The most bytes (UTF-8) of a reason.
    static let reasonLimit = 1024

    static func check(reason: String?) throws {
        guard let reason else { return }
        guard reason.utf8.count <= Self.reasonLimit else {
            throw DurableError(
                .invalidArgument,
                "the reason of a cancellation has \(reason.utf8.count) bytes; the limit is \(Self.reasonLimit)"
            )
        }
        guard !reason.utf8.contains(0) else {
            throw DurableError(.invalidArgument, "the reason of a cancellation contains U+0000")
        }
    }
}

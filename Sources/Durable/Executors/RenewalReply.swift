// SPDX-License-Identifier: Apache-2.0

/// What the database answered to a renewal.
///
/// Times are microseconds since 2000-01-01 UTC by the database's clock.
package struct RenewalReply: Hashable, Sendable {
    /// Whether there was a lease of this identity and epoch to renew.
    ///
    /// If not, somebody has declared this process dead.
    package var held: Bool
    /// The server's start time now.
    package var server: Int64
    /// The database's clock when the renewal ran.
    package var clock: Int64
    /// Until when the lease stood *before* this renewal; nil if there was none.
    package var previousExpiry: Int64?
    /// Until when the lease stands now; nil if there is none.
    package var expiry: Int64?

    package init(held: Bool, server: Int64, clock: Int64, previousExpiry: Int64?, expiry: Int64?) {
        self.held = held
        self.server = server
        self.clock = clock
        self.previousExpiry = previousExpiry
        self.expiry = expiry
    }
}

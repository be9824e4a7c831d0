// SPDX-License-Identifier: Apache-2.0

/// Bounds of recovery.
package struct RecoveryOptions: Sendable, Hashable {
    /// Takeovers of a running workflow without a new record after which it is paused.
    ///
    /// 10.
    package var recoveries: Int16
    /// How long a workflow that this process owns may be unknown to it before it is released.
    ///
    /// 10 s.
    package var orphanGrace: Duration
    /// How long a takeover waits for open transactions of the dead before it ends their sessions.
    ///
    /// 200 ms.
    package var lockTimeout: Duration
    /// How long one claim, or one list, may take.
    ///
    /// 10 s.
    package var requestDeadline: Duration

    package init(
        recoveries: Int16 = 10,
        orphanGrace: Duration = .seconds(10),
        lockTimeout: Duration = .milliseconds(200),
        requestDeadline: Duration = .seconds(10)
    ) {
        self.recoveries = recoveries
        self.orphanGrace = orphanGrace
        self.lockTimeout = lockTimeout
        self.requestDeadline = requestDeadline
    }
}

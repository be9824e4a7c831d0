// SPDX-License-Identifier: Apache-2.0

/// A workflow that this process has claimed, and must now run or give back.
package struct ClaimedWorkflow: Hashable, Sendable {
    /// The workflow's id.
    package let id: String
    /// Its name.
    package let name: String
    /// Its version.
    package let version: Int32
    /// The token of this run; every write of the run is conditional on it.
    package let run: Int64
    /// Takeovers while it was running and had recorded nothing since the one before.
    package let recoveries: Int16
    /// Whether it was asked to end: only its clean-up runs.
    package let isCancelling: Bool
    /// How much had come in for it when it was claimed.
    package let mailbox: Int64

    package init(
        id: String,
        name: String,
        version: Int32,
        run: Int64,
        recoveries: Int16,
        isCancelling: Bool,
        mailbox: Int64 = 0
    ) {
        self.id = id
        self.name = name
        self.version = version
        self.run = run
        self.recoveries = recoveries
        self.isCancelling = isCancelling
        self.mailbox = mailbox
    }

    /// Whether its processes may have died of it: of such workflows a process runs one at a time.
    package var isSuspect: Bool { self.recoveries >= RecoveryStatements.suspectFrom }
}

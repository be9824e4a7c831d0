// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

import Libpq

/// A workflow that this process has claimed, and must now run or give back: with all that its row `workflow` says.
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
    /// Whether it may have records; false for one of a queue that no process has taken before.
    package let hasHistory: Bool
    package let seed: UUID
    package let input: [UInt8]?
    package let deadline: Int64?
    package let createdAt: Int64
    package let parent: String?
    /// The trace context of whoever started it.
    package let trace: [UInt8]?

    /// Reads a row of a claim.
    init(_ row: Row) throws {
        self.id = try row.decode(0, as: String.self)
        self.name = try row.decode(1, as: String.self)
        self.version = try row.decode(2, as: Int32.self)
        self.run = try row.decode(3, as: Int64.self)
        self.recoveries = try row.decode(4, as: Int16.self)
        self.isCancelling = try row.decode(5, as: Bool.self)
        self.mailbox = try row.decode(6, as: Int64.self)
        self.hasHistory = try row.decode(7, as: Bool.self)
        self.seed = try row.decode(8, as: UUID.self)
        self.input = row.bytes(9)
        self.deadline = row.microseconds(10)
        self.createdAt = row.microseconds(11) ?? 0
        self.parent = try row.decode(12, as: String?.self)
        self.trace = row.bytes(13)
    }

    /// Whether its processes may have died of it: of such workflows a process runs one at a time.
    package var isSuspect: Bool { self.recoveries >= RecoveryStatements.suspectFrom }
}

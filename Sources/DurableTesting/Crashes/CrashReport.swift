// SPDX-License-Identifier: Apache-2.0

/// Which crashes a workflow has survived.
public struct CrashReport: Sendable, CustomStringConvertible {
    /// The crashes, in words.
    public var survived: [String] = []
    /// Points of the undisturbed run to which the run that was to crash there did not come: branches that lost a race, parks
    /// that were not needed.
    public var missed: [String] = []

    /// In one line.
    public var description: String {
        "\(self.survived.count) crashes survived\(self.missed.isEmpty ? "" : ", \(self.missed.count) points not met again")"
    }
}

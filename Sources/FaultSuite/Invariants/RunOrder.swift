// SPDX-License-Identifier: Apache-2.0

/// In which order the runs of workflows began, by the files of the workers, and which of them belong to the past that counts.
struct RunOrder {
    private var began: [Int64: Int64] = [:]
    private let restoredAt: Int64?

    init(_ evidence: Evidence) {
        self.restoredAt = evidence.restoredAt
        for line in evidence.lines where line.kind == .run {
            self.began[line.run] = min(self.began[line.run] ?? .max, line.at)
        }
    }

    /// Whether it began with what the database holds now: not before a restore.
    func counts(_ run: Int64) -> Bool {
        guard let restoredAt else { return true }
        return self.began[run].map { $0 > restoredAt } ?? false
    }

    /// Whether a run began after another one.
    func isLater(_ run: Int64, than other: Int64) -> Bool {
        guard run != other, let first = self.began[other], let second = self.began[run] else { return false }
        return second > first
    }
}

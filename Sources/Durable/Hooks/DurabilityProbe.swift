// SPDX-License-Identifier: Apache-2.0

import Libpq

/// Sees what becomes durable, right before it does and right after, when nobody was told yet.
package protocol DurabilityProbe: Sendable {
    /// These points are about to be committed, together.
    func willCommit(_ points: [DurablePoint])
    /// These points have been committed.
    func didCommit(_ points: [DurablePoint])
    /// Whether the process counts as dead: whatever it learns from now on it has not learned.
    var isCut: Bool { get }
}

extension DurabilityProbe {
    func willCommit(_ entries: [WriteEntry]) { self.willCommit(entries.compactMap { DurablePoint($0) }) }

    func willCommit(_ workflow: String, _ record: JournalRecord) {
        self.willCommit([DurablePoint(workflow: workflow, of: record)])
    }

    func isCut(after entries: [WriteEntry], _ result: Result<[StatementResult], PostgresError>) -> Bool {
        if case .success = result { self.didCommit(entries.compactMap { DurablePoint($0) }) }
        return self.isCut
    }

    func isCut(after workflow: String, _ record: JournalRecord) -> Bool {
        self.didCommit([DurablePoint(workflow: workflow, of: record)])
        return self.isCut
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Something of a workflow that becomes durable with one row.
package struct DurablePoint: Hashable, Sendable, CustomStringConvertible {
    /// What it is.
    package enum What: Hashable, Sendable {
        case start
        case record(place: Place, phase: Int16, kind: JournalKind, name: String)
        case outcome
        /// The run gives its workflow back: parked, paused, handed over.
        case release
    }

    package var workflow: String
    package var what: What

    package init(workflow: String, _ what: What) {
        self.workflow = workflow
        self.what = what
    }

    init(workflow: String, of record: JournalRecord) {
        self.init(
            workflow: workflow,
            .record(place: record.place, phase: record.phase, kind: record.kind, name: record.name)
        )
    }

    /// Nil for a row that makes nothing durable by itself.
    init?(_ entry: WriteEntry) {
        let workflow = entry.lane.workflow
        if case .start = entry.row {
            self.init(workflow: workflow, .start)
        } else if case .record(let record) = entry.row {
            self.init(workflow: workflow, of: record)
        } else if case .call(let record, _) = entry.row {
            self.init(workflow: workflow, of: record)
        } else if case .starting(let record, _) = entry.row {
            self.init(workflow: workflow, of: record)
        } else if case .outcome = entry.row {
            self.init(workflow: workflow, .outcome)
        } else if case .release = entry.row {
            self.init(workflow: workflow, .release)
        } else {
            return nil
        }
    }

    /// In words: `the record of step "charge" (position 2)`.
    package var description: String {
        switch self.what {
        case .start: "its start"
        case .outcome: "its outcome"
        case .release: "its parking"
        case .record(let place, 0, let kind, let name): "the record of \(kind.word) \"\(name)\" (\(place))"
        case .record(let place, let phase, .sleep, let name):
            "the wake-up time of sleep \"\(name)\" (\(place), note \(phase))"
        case .record(let place, let phase, let kind, let name):
            "note \(phase) of \(kind.word) \"\(name)\" (\(place))"
        }
    }
}

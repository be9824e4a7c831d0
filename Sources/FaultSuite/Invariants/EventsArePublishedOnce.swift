// SPDX-License-Identifier: Apache-2.0

/// An event that a transaction publishes is there once where its record is, and not where it is not; no event is received twice,
/// and who has received one waits no more.
enum EventsArePublishedOnce: Invariant {
    static let name = "events are published once and received"

    static func violations(in evidence: Evidence) -> [Violation] {
        var announced: Set<Evidence.Row> = []
        for row in evidence.rows { announced.insert(row) }
        var found: [Violation] = []
        for row in evidence.workflows {
            let parts = evidence.parts(of: row)
            for planned in parts.past + parts.present + parts.future {
                guard case .event(isOwn: true) = planned.operation.action else { continue }
                let name = planned.operation.name
                let expected = announced.contains(Evidence.Row(workflow: row.id, name: "announce \(name)")) ? 1 : 0
                let count = evidence.events[Talk.eventKey(row.id, name)] ?? 0
                if count != expected {
                    found.append(
                        self.violation(row.id, "\(name) was announced \(expected) times, and published \(count) times")
                    )
                }
            }
        }
        var received: [Int64: Evidence.Record] = [:]
        for record in evidence.records where record.phase == 0 && record.kind == 11 {
            guard let event = record.value else {
                found.append(self.violation(record.workflow, "the wait at \(record.place) ended without an event"))
                continue
            }
            if let other = received.updateValue(record, forKey: event) {
                found.append(
                    self.violation(
                        record.workflow,
                        "it received an event at \(record.place) that \(other.place) has received"
                    )
                )
            }
        }
        for row in evidence.subscribed {
            found.append(self.violation(row.workflow, "it received the event \(row.name), and still waits for it"))
        }
        return found
    }
}

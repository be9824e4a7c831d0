// SPDX-License-Identifier: Apache-2.0

/// A workflow has one outcome and no `live` row beside it, or a `live` row and no outcome; callers were told that outcome.
enum OneOutcome: Invariant {
    static let name = "one outcome"

    static func violations(in evidence: Evidence) -> [Violation] {
        var found: [Violation] = []
        for row in evidence.workflows {
            switch (row.state, row.status) {
            case (nil, nil): found.append(self.violation(row.id, "it is neither in live nor in outcome"))
            case (_?, _?): found.append(self.violation(row.id, "it is both in live and in outcome"))
            default: break
            }
            // What a caller was told of a past that was lost says nothing.
            guard evidence.restoredAt == nil, let told = evidence.told[row.id] else { continue }
            let isTrue =
                switch told {
                case .succeeded(let digest): row.status == "succeeded" && row.output?.digest == digest
                case .failed: row.status == "failed"
                case .cancelled: row.status == "cancelled"
                }
            if !isTrue {
                found.append(
                    self.violation(row.id, "its caller was told \(told), but it is \(row.status ?? "unfinished")")
                )
            }
        }
        return found
    }
}

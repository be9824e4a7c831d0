// SPDX-License-Identifier: Apache-2.0

/// What a parent has recorded of a child is how the child has ended.
enum ParentsSeeTheirChildren: Invariant {
    static let name = "a parent's view of a child is its outcome"

    static func violations(in evidence: Evidence) -> [Violation] {
        let rows = Dictionary(evidence.workflows.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let children = Dictionary(grouping: evidence.workflows.filter { $0.parent != nil }, by: { $0.parent ?? "" })
        var found: [Violation] = []
        for record in evidence.records where record.phase == 0 && record.kind == 8 && record.text == nil {
            guard let about = record.about else { continue }
            if record.isError {
                // The error names the child that failed; that of one that was cancelled names nobody.
                let mine = children[record.workflow] ?? []
                let isTrue = mine.contains { child in
                    child.status == "failed" && about.contains(child.id) || child.status == "cancelled"
                }
                if !isTrue { found.append(self.violation(record.workflow, "no child of it failed with \(about)")) }
            } else if let child = rows[about] {
                if child.parent != record.workflow || child.status != "succeeded"
                    || child.output?.digest != record.value
                {
                    found.append(
                        self.violation(
                            record.workflow,
                            "it recorded another end of \(about), which is \(child.status ?? child.state ?? "nowhere")"
                        )
                    )
                }
            } else {
                found.append(self.violation(record.workflow, "it recorded the end of \(about), which does not exist"))
            }
        }
        return found
    }
}

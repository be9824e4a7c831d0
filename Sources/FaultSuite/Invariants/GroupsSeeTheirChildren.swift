// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a group of children has recorded is how each of them has ended; each of them exists once.
enum GroupsSeeTheirChildren: Invariant {
    static let name = "a group's results are its children's outcomes"

    private struct Summary: Decodable {
        var count: Int
        var failed: Int
        var parts: Int
    }

    private struct End: Decodable {
        var ok: Bool
        var value: String?
        var error: String?
    }

    static func violations(in evidence: Evidence) -> [Violation] {
        let rows = Dictionary(evidence.workflows.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let children = Dictionary(grouping: evidence.workflows.filter { $0.parent != nil }, by: { $0.parent ?? "" })
        let records = Dictionary(grouping: evidence.records.filter { $0.kind == 8 && $0.text != nil }) {
            Evidence.Row(workflow: $0.workflow, name: $0.place)
        }
        var found: [Violation] = []
        for (group, records) in records {
            guard let last = records.first(where: { $0.phase == 0 }) else { continue }
            let notes = records.filter { $0.phase > 1 }.sorted { $0.phase < $1.phase }
            guard let summary: Summary = self.decode(last.text),
                let ends = notes.map({ self.decode($0.text) as [End]? }).reduce(
                    [],
                    { all, part in
                        guard let all, let part else { return nil }
                        return all + part
                    }
                ) as [End]?
            else {
                found.append(self.violation(group.workflow, "the group at \(group.name) cannot be read"))
                continue
            }
            let failed = ends.count { !$0.ok }
            if ends.count != summary.count || failed != summary.failed || notes.count != summary.parts {
                found.append(
                    self.violation(
                        group.workflow,
                        "the group at \(group.name) has \(ends.count) results, \(failed) failed, and says \(summary)"
                    )
                )
            }
            for end in ends where !self.isTrue(end, of: group.workflow, rows, children[group.workflow] ?? []) {
                found.append(
                    self.violation(group.workflow, "no child ended with \(end.value ?? end.error ?? "nothing")")
                )
            }
        }
        for row in evidence.workflows where row.status == "succeeded" {
            for planned in row.program?.flattened ?? [] {
                guard case .children(let programs, _) = planned.operation.action else { continue }
                for program in programs {
                    let count = (children[row.id] ?? []).count { $0.program?.number == program.number }
                    if count != 1 {
                        found.append(
                            self.violation(row.id, "it has \(count) children of the program \(program.number)")
                        )
                    }
                }
            }
        }
        return found
    }

    private static func isTrue(
        _ end: End,
        of parent: String,
        _ rows: [String: Evidence.WorkflowRow],
        _ children: [Evidence.WorkflowRow]
    ) -> Bool {
        guard end.ok else {
            // The error names the child that failed; that of one that was cancelled names nobody.
            let words = end.error ?? ""
            return children.contains { $0.status == "failed" && words.contains($0.id) || $0.status == "cancelled" }
        }
        guard let value: ProgramEnd = self.decode(end.value), let child = rows[value.workflow] else { return false }
        return child.parent == parent && child.status == "succeeded" && child.output == value
    }

    private static func decode<T: Decodable>(_ text: String?) -> T? {
        text.flatMap { try? JSONDecoder().decode(T.self, from: Data($0.utf8)) }
    }
}

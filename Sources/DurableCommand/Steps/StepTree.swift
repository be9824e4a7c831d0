// SPDX-License-Identifier: Apache-2.0

import Durable
import Libpq

/// The steps of a workflow below the calls that opened their scopes.
struct StepTree {
    /// A line: a step, or a branch or a group that has no record of its own.
    struct Line: Hashable {
        /// The strokes that lead to it.
        let stem: String
        /// What it is called.
        let label: String
        /// Its step; nil for what has none.
        let step: Record?
    }

    private struct Node {
        let label: String
        let step: Record?
        var children: [Node] = []
    }

    /// The lines from the top.
    let lines: [Line]

    /// - Parameter steps: Rows of `durable.steps` of one workflow, by scope and position.
    init(_ steps: [Record]) {
        var byScope: [String: [Record]] = [:]
        for step in steps { byScope[step["scope"].words, default: []].append(step) }
        var children: [String: [Opened]] = [:]
        var known: Set<String> = [""]
        for scope in byScope.keys { Self.open(scope, &children, &known) }
        var lines: [Line] = []
        for node in Self.nodes(of: "", byScope, children) { Self.draw(node, stem: "", below: "", into: &lines) }
        self.lines = lines
    }

    /// A scope that a call has opened.
    private struct Opened {
        let scope: String
        let name: String
        let position: Int64
        let branch: Int?
    }

    /// Notes a scope and those that lead to it, of which a group without records of its own leaves no other trace.
    private static func open(_ scope: String, _ children: inout [String: [Opened]], _ known: inout Set<String>) {
        var scope = scope
        while known.insert(scope).inserted {
            guard let last = ScopePath.last(of: scope) else {
                // No place in the tree, such as clean-up: it stands at the end.
                children["", default: []].append(Opened(scope: scope, name: scope, position: .max, branch: nil))
                return
            }
            let position = Int64(last.position)
            children[last.parent, default: []].append(
                Opened(scope: scope, name: last.name, position: position, branch: last.branch)
            )
            scope = last.parent
        }
    }

    private static func nodes(
        of scope: String,
        _ byScope: [String: [Record]],
        _ children: [String: [Opened]]
    ) -> [Node] {
        let opened = (children[scope] ?? []).sorted {
            ($0.position, $0.branch ?? -1, $0.scope) < ($1.position, $1.branch ?? -1, $1.scope)
        }
        var nodes: [Node] = []
        var rest = opened[...]
        func hang(before position: Int64?) {
            while let next = rest.first, position.map({ next.position < $0 }) ?? true {
                var node = Node(label: next.name, step: nil)
                while let branch = rest.first, branch.position == next.position, branch.name == next.name {
                    node.children += Self.nodes(of: branch, byScope, children)
                    rest.removeFirst()
                }
                nodes.append(node)
            }
        }
        for step in (byScope[scope] ?? []).sorted(by: { ($0["position"].integer ?? 0) < ($1["position"].integer ?? 0) })
        {
            let position = step["position"].integer ?? 0
            hang(before: position)
            var node = Node(label: step["step"].words, step: step)
            while let branch = rest.first, branch.position == position {
                node.children += Self.nodes(of: branch, byScope, children)
                rest.removeFirst()
            }
            nodes.append(node)
        }
        hang(before: nil)
        return nodes
    }

    private static func nodes(
        of opened: Opened,
        _ byScope: [String: [Record]],
        _ children: [String: [Opened]]
    ) -> [Node] {
        let inside = self.nodes(of: opened.scope, byScope, children)
        guard let branch = opened.branch else { return inside }
        return [Node(label: "[\(branch)]", step: nil, children: inside)]
    }

    private static func draw(_ node: Node, stem: String, below: String, into lines: inout [Line]) {
        lines.append(Line(stem: stem, label: node.label, step: node.step))
        for (index, child) in node.children.enumerated() {
            let isLast = index == node.children.count - 1
            self.draw(
                child,
                stem: below + (isLast ? "└─ " : "├─ "),
                below: below + (isLast ? "   " : "│  "),
                into: &lines
            )
        }
    }

    /// The tree as a table.
    func table(now: PostgresTimestamp) -> Table {
        let columns = Listing.steps.columns
        var step = Table.Column(title: "STEP")
        step.yields = .last
        return Table(
            columns: [step] + columns.map(\.column),
            rows: self.lines.map { line in
                [Table.Cell(line.stem + line.label)] + columns.map { $0.cell(line.step ?? Record(), now) }
            }
        )
    }
}

extension Listing {
    /// What is said of a step beside its name.
    static let steps = Listing([
        .text("KIND", "kind"),
        .state("STATE", "state"),
        Listing.Column(column: Table.Column(title: "ATTEMPT", alignment: .right, isOptional: true)) { record, _ in
            // Only what is run can be tried again.
            let isRun = ["step", "transaction"].contains(record["kind"].words)
            return Table.Cell(isRun ? record["attempt"].words : "")
        },
        .span("TOOK", "seconds", optional: true),
        .time("RECORDED (UTC)", "recorded_at", optional: true),
        .words("", yields: .first, optional: true) { record, now in record.remark(now) },
        .text("OUTPUT", "output", yields: .first, optional: true),
    ])
}

extension Record {
    /// What is to be said of a step that was not simply recorded.
    fileprivate func remark(_ now: PostgresTimestamp) -> String {
        var words: [String] = []
        if !self["error_type"].isNull { words.append("\(self["error_type"].words): \(self["error"].words)") }
        if let next = self["next_attempt_at"].time { words.append("tried again \(Moment.relative(next, to: now))") }
        if let wakes = self["wakes_at"].time { words.append("until \(Moment.both(wakes, now))") }
        if self["state"].text == "running", let start = self["started_at"].time {
            words.append("since \(Moment.relative(start, to: now))")
        }
        return words.joined(separator: "; ")
    }
}

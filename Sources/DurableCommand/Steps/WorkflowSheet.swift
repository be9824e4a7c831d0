// SPDX-License-Identifier: Apache-2.0

import Libpq

/// What is known of one workflow, a line for each thing.
enum WorkflowSheet {
    /// The lines.
    ///
    /// - Parameters:
    ///   - workflow: A row of `durable.workflows`.
    ///   - ends: Its input and output, if they are wanted.
    static func lines(_ workflow: Record, _ ends: Record, now: PostgresTimestamp, colours: Bool) -> [String] {
        var facts: [(String, Table.Cell)] = []
        func add(_ title: String, _ text: String?, tone: Tone = .plain) {
            guard let text, !text.isEmpty else { return }
            facts.append((title, Table.Cell(text, tone: tone)))
        }
        func both(_ name: String) -> String? { workflow[name].time.map { Moment.both($0, now) } }
        add("id", workflow["id"].words)
        add("workflow", "\(workflow["name"].words), version \(workflow["version"].words)")
        add("state", workflow["state"].words, tone: Tone(state: workflow["state"].words))
        add("reason", workflow["reason"].words)
        if !workflow["step"].isNull {
            let attempt = workflow["attempt"].integer.map { ", attempt \($0)" } ?? ""
            let since = workflow["step_since"].time.map { ", since \(Moment.both($0, now))" } ?? ""
            add("step", workflow["step"].words + attempt + since)
        }
        add("waiting for", workflow["waiting_for"].words)
        add("wakes", both("wakes_at"))
        if !workflow["error_type"].isNull {
            add("error", "\(workflow["error_type"].words): \(workflow["error"].words)", tone: .bad)
        }
        add("executor", workflow["executor"].words)
        add("parent", workflow["parent"].words)
        add("started", both("created_at"))
        add("updated", both("updated_at"))
        add("finished", both("finished_at"))
        if let start = workflow["created_at"].time, let end = workflow["finished_at"].time {
            add("took", Moment.span(Double(end.microseconds - start.microseconds) / 1_000_000))
        }
        for (name, value) in zip(ends.names, ends.values) { add(name, value.words) }
        let width = facts.reduce(0) { max($0, $1.0.utf8.count) } + 2
        return facts.map { title, cell in
            title + String(repeating: " ", count: width - title.utf8.count)
                + (colours ? cell.tone.wrap(cell.text) : cell.text)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable list`: workflows, newest first.
struct List: Verb {
    static let configuration = CommandConfiguration(abstract: "Lists workflows, newest first.")

    /// How many rows are asked for at once.
    private static let page = 1000

    @OptionGroup(title: "Filters")
    var filter: WorkflowFilter

    @Option(name: .shortAndLong, help: "At most so many; 0 for all.")
    var limit = 50

    @Option(name: .long, help: ArgumentHelp("Go on behind this one, the last of the page before.", valueName: "id"))
    var after: String?

    @OptionGroup var options: SessionOptions

    func validate() throws {
        guard self.limit >= 0 else { throw ValidationError("--limit must not be negative.") }
    }

    func run(in session: Session) async throws {
        var last: Record?
        if let after = self.after { last = try await session.workflow(after) }
        var left = self.limit == 0 ? Int.max : self.limit
        var isFirst = true
        while left > 0 {
            let wanted = min(left, Self.page)
            // One more, to know whether there are more.
            var records = try await self.page(session, behind: last, count: wanted + 1)
            let isMore = records.count > wanted
            if isMore { records.removeLast() }
            left -= records.count
            last = records.last ?? last
            try self.print(records, in: session, isFirst: isFirst)
            isFirst = false
            guard isMore else { return }
        }
        if let id = last?["id"].text, session.terminal.isOutput, !session.isJSON {
            session.terminal.remark("there are more: --after \(Self.quoted(id)) shows the next, --limit 0 all")
        }
    }

    private func page(_ session: Session, behind last: Record?, count: Int) async throws -> [Record] {
        try await session.records(
            session.statements.list,
            self.filter.parameters(at: session.now) + [Parameter(last?["id"].text), Parameter(Int64(count))]
        )
    }

    private func print(_ records: [Record], in session: Session, isFirst: Bool) throws {
        guard !session.isJSON, !isFirst else {
            return try session.print(records, as: .workflows, empty: "no workflow matches")
        }
        let table = Listing.workflows.table(records, now: session.now)
        try session.terminal.say(
            table.lines(width: session.terminal.width, colours: session.terminal.colours, titles: false)
        )
    }

    /// An id as an argument of a shell.
    static func quoted(_ id: String) -> String {
        let isPlain = id.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.:/@+,=".contains($0)) }
        return isPlain && !id.hasPrefix("-") && !id.isEmpty
            ? id : "'" + Printable.text(id).replacing("'", with: "'\\''") + "'"
    }
}

extension Listing {
    /// Workflows: what they are, where they stand, and since when.
    static let workflows = Listing([
        .text("ID", "id", yields: .last),
        .words("WORKFLOW", yields: .first) { record, _ in "\(record["name"].words) v\(record["version"].words)" },
        .state("STATE", "state"),
        .words("AT", yields: .first, optional: true) { record, now in record.whereabouts(now) },
        .time("STARTED (UTC)", "created_at"),
        .age("", "created_at"),
    ])
}

extension Record {
    /// What a workflow is at, waits for, or stumbled over.
    func whereabouts(_ now: PostgresTimestamp) -> String {
        var words: [String] = []
        if !self["reason"].isNull { words.append(self["reason"].words) }
        if !self["waiting_for"].isNull {
            words.append(self["waiting_for"].words)
        } else if !self["step"].isNull {
            let attempt = self["attempt"].integer ?? 1
            words.append(self["step"].words + (attempt > 1 ? " (attempt \(attempt))" : ""))
        }
        if let wakes = self["wakes_at"].time, self["state"].text == "waiting" {
            words.append("wakes \(Moment.relative(wakes, to: now))")
        }
        if !self["error_type"].isNull { words.append("\(self["error_type"].words): \(self["error"].words)") }
        return words.joined(separator: ", ")
    }
}

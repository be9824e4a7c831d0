// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable tail`: prints what changes, until it is ended.
struct Tail: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Prints changes as they happen: of one workflow until it has ended, or of all that is pending.",
        discussion: "It looks at intervals: what comes and goes between two looks is not seen."
    )

    @Argument(help: "The workflow's id; without it, all pending ones.")
    var id: String?

    @Option(name: .long, help: "Without an id: only of this workflow type; may be given again.")
    var name: [String] = []

    @Option(name: .long, help: "Seconds between two looks.")
    var interval = 1.0

    @Option(name: .long, help: "Without an id: at most so many pending workflows are watched.")
    var limit = 2000

    @OptionGroup var options: SessionOptions

    func validate() throws {
        guard self.interval >= 0.1, self.interval <= 3600 else {
            throw ValidationError("--interval must be between 0.1 and 3600 seconds.")
        }
        guard (1...100_000).contains(self.limit) else { throw ValidationError("--limit must be between 1 and 100000.") }
        guard self.id == nil || self.name.isEmpty else { throw ValidationError("--name goes without an id.") }
    }

    func run(in session: Session) async throws {
        if let id = self.id { try await self.follow(id, session) } else { try await self.watch(session) }
    }

    // MARK: - One

    private func follow(_ id: String, _ session: Session) async throws {
        var steps = Watch { "\($0["scope"].words) \($0["position"].words)" }
        var workflows = Watch { $0["id"].words }
        while true {
            // First the workflow: when it has ended, all its steps are there to be seen.
            let workflow = try await session.workflow(id)
            let now = try await session.clock()
            // How long it has been running changes all the time, and is no news.
            let found = try await session.records(session.statements.steps, [Parameter(id)]).map { step in
                step["state"].text == "running" ? step.without(["seconds"]) : step
            }
            for step in steps.look(found).changed.sorted(by: Self.isEarlier) {
                try self.say("step", step.with("workflow_id", .text(id)), at: now, session) {
                    let scope = step["scope"].words
                    return [
                        (scope.isEmpty ? "" : scope + "/") + step["step"].words, step["kind"].words,
                        step["state"].words,
                        step["attempt"].integer.map { $0 > 1 ? "attempt \($0)" : "" } ?? "",
                        step["seconds"].real.map { Moment.span($0) } ?? "",
                        step["error_type"].isNull ? "" : "\(step["error_type"].words): \(step["error"].words)",
                    ]
                }
            }
            let state = workflow.without(["step", "step_since", "attempt", "updated_at"])
            for workflow in workflows.look([state]).changed {
                try self.say("workflow", workflow, at: now, session) {
                    [id, workflow["state"].words, workflow.whereabouts(now)]
                }
            }
            if !workflow["finished_at"].isNull { return }
            try await Task.sleep(for: .seconds(self.interval))
        }
    }

    private static func isEarlier(_ left: Record, _ right: Record) -> Bool {
        (left["recorded_at"].time ?? .infinity, left["position"].integer ?? 0)
            < (right["recorded_at"].time ?? .infinity, right["position"].integer ?? 0)
    }

    // MARK: - All

    private func watch(_ session: Session) async throws {
        let parameters = [Parameter(self.name.isEmpty ? nil : self.name), Parameter(Int64(self.limit))]
        var watch = Watch { $0["id"].words }
        while true {
            let now = try await session.clock()
            let pending = try await session.records(session.statements.pending, parameters)
            let (changed, gone) = watch.look(pending)
            for workflow in changed { try self.say(workflow, at: now, session) }
            if !gone.isEmpty {
                let ids = gone.map { $0["id"].words }
                for workflow in try await session.records(session.statements.ended, [Parameter(ids)]) {
                    try self.say(workflow, at: now, session)
                }
            }
            try await Task.sleep(for: .seconds(self.interval))
        }
    }

    private func say(_ workflow: Record, at now: PostgresTimestamp, _ session: Session) throws {
        try self.say("workflow", workflow, at: now, session) {
            [
                workflow["id"].words, "\(workflow["name"].words) v\(workflow["version"].words)",
                workflow["state"].words, workflow.whereabouts(now),
            ]
        }
    }

    private func say(
        _ kind: String,
        _ record: Record,
        at now: PostgresTimestamp,
        _ session: Session,
        _ words: () -> [String]
    ) throws {
        guard !session.isJSON else {
            let head = Record([("at", .time(now)), ("change", .text(kind))])
            return try session.terminal.say(
                JSONLine.of(zip(record.names, record.values).reduce(head) { $0.with($1.0, $1.1) })
            )
        }
        let line = words().filter { !$0.isEmpty }.map { Printable.text($0) }.joined(separator: "  ")
        let text = "\(Moment.timeOfDay(now))  \(line)"
        try session.terminal.say(session.terminal.width.map { Printable.cut(text, to: $0) } ?? text)
    }
}

extension Session {
    /// The database's time now.
    func clock() async throws -> PostgresTimestamp {
        try await self.records(self.statements.clock).first?["now"].time ?? self.now
    }
}

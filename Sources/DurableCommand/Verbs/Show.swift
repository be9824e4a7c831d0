// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable show ID`: one workflow with its steps as a tree.
struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows a workflow, and its steps as a tree with times and attempts."
    )

    @Argument(help: "The workflow's id.")
    var id: String

    @Flag(name: .long, help: "Also what it and its steps took and returned; needs durable_operator.")
    var payloads = false

    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
        try await Session.with(self.database, isJSON: self.output.json) { session in
            let workflow = try await session.workflow(self.id)
            let steps = try await session.steps(of: self.id, withPayloads: self.payloads)
            let ends = self.payloads ? try await session.ends(of: self.id) : Record()
            guard !session.isJSON else {
                var line = workflow
                for (name, value) in zip(ends.names, ends.values) { line = line.with(name, value) }
                return try session.terminal.say(JSONLine.of(line.with("steps", .json(JSONLine.array(steps)))))
            }
            let sheet = WorkflowSheet.lines(workflow, ends, now: session.now, colours: session.terminal.colours)
            try session.terminal.say(sheet)
            guard !steps.isEmpty else { return }
            let table = StepTree(steps).table(now: session.now)
            try session.terminal.say("")
            try session.terminal.say(
                table.lines(width: session.terminal.width, colours: session.terminal.colours)
            )
        }
    }
}

extension Session {
    /// The steps of a workflow by scope and position.
    func steps(of id: String, withPayloads: Bool) async throws -> [Record] {
        let steps = try await self.records(self.statements.steps, [Parameter(id)])
        guard withPayloads else { return steps }
        var outputs: [String: Value] = [:]
        for payload in try await self.records(self.statements.payloads, [Parameter(id)])
        where payload["part"].text == "step" {
            outputs[payload.place] = payload["payload"]
        }
        return steps.map { $0.with("output", outputs[$0.place] ?? .null) }
    }

    /// Input and output of a workflow.
    func ends(of id: String) async throws -> Record {
        let payloads = try await self.records(self.statements.payloads, [Parameter(id)])
        return Record(
            ["input", "output"].map { part in
                (part, payloads.first { $0["part"].text == part }?["payload"] ?? .null)
            }
        )
    }
}

extension Record {
    /// Scope and position as one text.
    fileprivate var place: String { "\(self["position"].words) \(self["scope"].words)" }
}

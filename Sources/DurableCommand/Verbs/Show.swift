// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable show ID`: one workflow with its steps as a tree.
struct Show: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Shows a workflow, and its steps as a tree with times and attempts."
    )

    @Argument(help: "The workflow's id.")
    var id: String

    @Flag(name: .long, help: "Also what it and its steps took and returned; needs durable_operator.")
    var payloads = false

    @OptionGroup var options: SessionOptions

    func run(in session: Session) async throws {
        let workflow = try await session.workflow(self.id)
        let payloads = self.payloads ? try await session.payloads(of: self.id) : nil
        let steps = try await session.steps(of: self.id, with: payloads?.steps)
        let ends = payloads?.ends ?? Record()
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

/// What a workflow and its steps took and returned.
struct WorkflowPayloads {
    /// Input and output of the workflow.
    let ends: Record
    /// What its steps returned, by their places.
    let steps: [String: Value]
}

extension Session {
    /// What a workflow and its steps took and returned, as far as this program can read it; the rest is told.
    func payloads(of id: String) async throws -> WorkflowPayloads {
        var reader = PayloadReader()
        let payloads = try await self.records(self.statements.payloads, [Parameter(id)])
        var steps: [String: Value] = [:]
        for payload in payloads where payload["part"].text == "step" {
            steps[payload.place] = reader.clear(payload["payload"])
        }
        var ends: [(String, Value)] = []
        for part in ["input", "output"] {
            ends.append((part, reader.clear(payloads.first { $0["part"].text == part }?["payload"] ?? .null)))
        }
        reader.report(to: self.terminal)
        return WorkflowPayloads(ends: Record(ends), steps: steps)
    }

    /// The steps of a workflow by scope and position, with what they returned where that is wanted.
    func steps(of id: String, with outputs: [String: Value]?) async throws -> [Record] {
        let steps = try await self.records(self.statements.steps, [Parameter(id)])
        guard let outputs else { return steps }
        return steps.map { $0.with("output", outputs[$0.place] ?? .null) }
    }
}

extension Record {
    /// Scope and position as one text.
    fileprivate var place: String { "\(self["position"].words) \(self["scope"].words)" }
}

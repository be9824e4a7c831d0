// SPDX-License-Identifier: Apache-2.0

import DurableMacros
import DurableTesting
import Testing

extension Signal where Payload == Bool {
    /// A person's answer: whether the tool may be used.
    static let permission = Signal("permission")
}

/// Asks a model, shows its words as they come, uses tools that a person has allowed, and goes on until the model is done.
@Workflow("agent-loop")
struct AgentLoop {
    let model: ScriptedModel

    func run(_ question: String, in workflow: WorkflowContext) async throws -> String {
        var conversation = [question]
        while true {
            let reply = try await self.ask(conversation, in: workflow)
            conversation.append(reply.text)
            guard let tool = reply.tool else { return reply.text }
            try await workflow.publish("waiting for", tool)
            let mayUse = try await workflow.receive(.permission)
            let result = mayUse ? try await self.use(tool, in: workflow) : "not allowed"
            conversation.append(result)
        }
    }

    /// Streamed word by word; a repeated attempt shows no reader a word twice.
    @Step(retry: .exponential(attempts: 3))
    func ask(_ conversation: [String], in step: StepContext) async throws -> ScriptedModel.Reply {
        let stream = step.stream("words")
        return try await self.model.answer(conversation) { word in try stream.append(word) }
    }

    @Step
    func use(_ tool: String, in step: StepContext) async throws -> String { "12 degrees" }
}

/// A model that knows two answers.
struct ScriptedModel: Sendable {
    struct Reply: Codable, Sendable {
        var text: String
        var tool: String?
    }

    func answer(_ conversation: [String], word: (String) throws -> Void) async throws -> Reply {
        let reply =
            switch conversation.last {
            case "12 degrees": Reply(text: "take a coat")
            case "not allowed": Reply(text: "look outside")
            default: Reply(text: "let me see", tool: "weather")
            }
        for part in reply.text.split(separator: " ") { try word(String(part)) }
        return reply
    }
}

@Suite struct AgentLoopTests {
    @Test(arguments: [(true, "take a coat"), (false, "look outside")])
    func `words are shown as they come, and a tool is used when a person allows it`(
        isAllowed: Bool,
        answer: String
    ) async throws {
        try await withTestEngine([AgentLoop(model: ScriptedModel())]) { test in
            try await test.start(AgentLoop.self, "what shall I wear?", id: "talk")
            try await test.wait(for: .waiting, of: "talk")
            try await test.engine.signal("talk", .permission, isAllowed)
            #expect(try await test.result(of: AgentLoop.self, "talk") == answer)
            var words: [String] = []
            for try await element in try await test.engine.stream(String.self, "words", of: "talk") {
                words.append(element.value)
            }
            #expect(words.joined(separator: " ") == "let me see \(answer)")
        }
    }
}

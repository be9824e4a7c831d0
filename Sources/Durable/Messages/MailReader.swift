// SPDX-License-Identifier: Apache-2.0

import Libpq
import Synchronization

/// Looks into mailboxes: many workflows in one round trip, since what asks while a question is under way goes with the next.
final class MailReader: Sendable {
    private struct Question {
        let workflow: String
        let name: String
        let limit: Int
        let asker: UnsafeContinuation<Mail, any Error>
    }

    private struct State {
        var waiting: [Question] = []
        var isAsking = false
    }

    private let pool: PostgresPool
    private let statements: MessageStatements
    private let state = Mutex(State())

    init(pool: PostgresPool, statements: MessageStatements) {
        self.pool = pool
        self.statements = statements
    }

    /// The first messages of a workflow under a name, with the mailbox count of the same moment.
    func look(_ workflow: String, _ name: String, atMost limit: Int) async throws -> Mail {
        try await withUnsafeThrowingContinuation { asker in
            let isFirst = self.state.withLock { state in
                state.waiting.append(Question(workflow: workflow, name: name, limit: limit, asker: asker))
                defer { state.isAsking = true }
                return !state.isAsking
            }
            if isFirst { Task.detached { await self.ask() } }
        }
    }

    private func ask() async {
        while true {
            let questions = self.state.withLock { state -> [Question] in
                defer { state.waiting = [] }
                if state.waiting.isEmpty { state.isAsking = false }
                return state.waiting
            }
            if questions.isEmpty { return }
            do {
                let answers = try await self.ask(questions)
                for (question, answer) in zip(questions, answers) { question.asker.resume(returning: answer) }
            } catch {
                for question in questions { question.asker.resume(throwing: error) }
            }
        }
    }

    private func ask(_ questions: [Question]) async throws -> [Mail] {
        var ids = ArrayColumn(.text)
        var names = ArrayColumn(.text)
        var limits = ArrayColumn(.int8)
        for question in questions {
            ids.append(question.workflow)
            names.append(question.name)
            limits.append(Int64(question.limit))
        }
        let statement = Statement(self.statements.look, [ids.parameter, names.parameter, limits.parameter])
        let results = try await self.pool.withConnection { connection in
            try await connection.run(Pipeline([statement]), deadline: .seconds(30))
        }
        var answers = Array(repeating: Mail(), count: questions.count)
        for row in results[0].rows {
            let index = Int(try row.decode(0, as: Int64.self)) - 1
            guard answers.indices.contains(index) else { continue }
            answers[index].count = try row.decode(1, as: Int64?.self)
            guard let id = try row.decode(2, as: Int64?.self) else { continue }
            answers[index].messages.append(
                Mail.Message(id: id, sentAt: row.microseconds(3) ?? 0, body: row.bytes(4))
            )
        }
        return answers
    }
}

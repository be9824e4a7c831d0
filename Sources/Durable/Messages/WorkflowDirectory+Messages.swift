// SPDX-License-Identifier: Apache-2.0

import Libpq

extension WorkflowDirectory {
    /// Sends a message.
    ///
    /// - Returns: Whether it was sent; false when its key was used before.
    func signal<T: Codable>(_ id: String, _ name: String, _ payload: T, key: String?) async throws -> Bool {
        let message = try OutgoingMessage(to: id, name, payload, key: key, coder: self.coder)
        let rows = try await self.run(message.statement(self.messages.signal), for: id)
        let isNew = try rows.first?.decode(0, as: Bool.self) ?? false
        if isNew { self.notifier.post(.inbox) }
        return isNew
    }

    /// Throws unless the workflow of a message exists and has not ended.
    func expectUnfinished(_ message: OutgoingMessage) async throws {
        let statement = Statement(
            self.messages.expectUnfinished,
            [Parameter(message.workflow), Parameter("signal")]
        )
        _ = try await self.run(statement, for: message.workflow)
    }

    /// Runs one statement, and says in words what the functions of messages refuse.
    func run(_ statement: Statement, for workflow: String?) async throws -> Rows {
        do {
            return try await self.settled([statement], for: workflow)[0].rows
        } catch let error as PostgresError {
            if error.code == .cancelled { throw CancellationError() }
            throw DurableError.refused(error, workflow: workflow)
        }
    }
}

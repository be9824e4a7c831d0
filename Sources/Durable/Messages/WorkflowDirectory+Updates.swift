// SPDX-License-Identifier: Apache-2.0

import Libpq

extension WorkflowDirectory {
    /// Asks a workflow for something, and waits for the answer.
    ///
    /// - Returns: Nil when it was not answered in time.
    func update<Request, Response>(
        _ id: String,
        _ update: Update<Request, Response>,
        _ request: Request,
        updateID: String,
        within limit: Duration
    ) async throws -> Response? {
        try update.check()
        try IdentifierRules.check(workflowID: id)
        try IdentifierRules.check(key: updateID)
        try DatabaseTime.check(limit, as: "the wait for update \(update.name)")
        let body = try self.coder.encode(
            request,
            as: "the request of update \"\(update.name)\"",
            of: PayloadSubject(.message, name: update.name)
        )
        let asked = Statement(
            self.messages.requestUpdate,
            [Parameter(id), Parameter(updateID), Parameter(update.name), .json(body)]
        )
        if try await self.run(asked, for: id).first?.decode(0, as: Bool.self) ?? false { self.notifier.post(.inbox) }
        return try await self.poll(within: limit) { () -> Polled<Response> in
            try await self.answer(to: update, updateID, of: id)
        }
    }

    private func answer<Request, Response>(
        to update: Update<Request, Response>,
        _ updateID: String,
        of id: String
    ) async throws -> Polled<Response> {
        let statement = Statement(self.messages.updateAnswer, [Parameter(id), Parameter(updateID)])
        guard let row = try await self.run(statement, for: id).first else {
            throw DurableError(.workflowNotFound, "no workflow has the id \"\(id)\" any more", workflow: id)
        }
        guard try row.decode(4, as: String.self) == update.name else {
            throw DurableError(
                .workflowConflict,
                "the update id \"\(updateID)\" was used for another update than \(update.name)",
                workflow: id
            )
        }
        switch try row.decode(0, as: String.self) {
        case "answered": return .found(try self.coder.decode(Response.self, from: row.bytes(1)))
        case "pending":
            guard let ended = try row.decode(3, as: String?.self) else { return .notYet }
            throw DurableError(
                .workflowEnded,
                "workflow \"\(id)\" has ended (\(ended)) without an answer to update \(update.name)",
                workflow: id
            )
        case let state:
            let failure = try row.bytes(2).map { try RecordedError(decoding: $0, by: self.coder).failure }
            throw DurableError(
                state == "refused" ? .updateRefused : .workflowFailed,
                "update \(update.name) was \(state): \(failure?.message ?? "")",
                workflow: id,
                underlying: failure
            )
        }
    }
}

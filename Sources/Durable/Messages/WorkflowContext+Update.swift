// SPDX-License-Identifier: Apache-2.0

extension WorkflowContext {
    /// Waits for an update, checks it, and answers it.
    ///
    /// - Parameters:
    ///   - update: Which update.
    ///   - limit: How long to wait for one; nil: for ever.
    ///   - validate: Refuses a request by throwing; its caller gets the message. It must decide the same on every replay.
    ///   - body: Does what is asked, with durable calls on the context that it is given, and returns the answer. What it throws
    ///     fails the update, and goes on to whoever called `answer`.
    /// - Returns: What was answered; nil when nothing came in time, or it was refused.
    /// - Throws: What the body throws; ``DurableError`` (`invalidArgument`); ``WorkflowInterruption``.
    @discardableResult
    public func answer<Request, Response>(
        _ update: Update<Request, Response>,
        within limit: Duration? = nil,
        validate: (Request) throws -> Void = { _ in },
        _ body: (Request, WorkflowContext) async throws -> Response
    ) async throws -> Response? {
        try update.check()
        let messages = try await self.receiveBatch(
            UpdateMessage.self,
            update.message,
            limit.map { .after($0) } ?? .never,
            atMost: nil
        )
        guard let message = messages.first else { return nil }
        let request: Request
        do {
            request = try self.engine.coder.decode(Request.self, from: message.request.map { [UInt8]($0.utf8) })
            try validate(request)
        } catch {
            try await self.reply(to: message, of: update.name, "refused", nil, error)
            return nil
        }
        let response: Response
        do {
            response = try await body(request, self)
        } catch {
            if !(error is WorkflowInterruption) {
                try await self.reply(to: message, of: update.name, "failed", nil, error)
            }
            throw error
        }
        let encoded = try self.engine.coder.encode(
            response,
            as: "the answer to update \"\(update.name)\"",
            of: PayloadSubject(.message, workflow: self.run.plan.name, name: update.name)
        )
        try await self.reply(to: message, of: update.name, "answered", encoded, nil)
        return response
    }

    private func reply(
        to message: UpdateMessage,
        of update: String,
        _ state: String,
        _ body: [UInt8]?,
        _ error: (any Error)?
    ) async throws {
        guard case .live(let call) = try await self.begin(.update, update) else { return }
        let record = JournalRecord(place: call.place, phase: 0, kind: .update, name: update, at: self.timestamp())
        let row = AnswerRow(
            id: message.id,
            state: state,
            body: body,
            error: error.map { RecordedError(recording: $0, coder: self.engine.coder).encode(by: self.engine.coder) }
        )
        try await self.submit(record, riders: [.answer(row)])
    }
}

// SPDX-License-Identifier: Apache-2.0

extension WorkflowContext {
    /// Publishes a value under a name, in place of the one before: readable from outside while the workflow runs, and after.
    ///
    /// - Parameters:
    ///   - name: 1 to 128 bytes.
    ///   - value: What readers see from now on.
    /// - Throws: ``DurableError`` (`unencodable`, `invalidArgument`); ``WorkflowInterruption``.
    public func publish<T: Codable & Sendable>(_ name: String, _ value: T) async throws {
        let body = try self.engine.coder.encode(
            value,
            as: "the value \"\(name)\"",
            of: PayloadSubject(.message, workflow: self.run.plan.name, name: name)
        )
        guard case .live(let call) = try await self.begin(.publish, name) else { return }
        let record = JournalRecord(place: call.place, phase: 0, kind: .publish, name: name, at: self.timestamp())
        try await self.submit(record, riders: [.publish(name: name, body: body)])
    }

    /// Publishes a value.
    ///
    /// See ``publish(_:_:)-(String,_)``.
    public func publish<T>(_ value: PublishedValue<T>, _ new: T) async throws {
        try await self.publish(value.name, new)
    }

    /// The value of what has come from outside.
    func decodeReceived<T: Decodable>(_ type: T.Type, _ body: [UInt8]?, of label: String) throws -> T {
        do {
            return try self.engine.coder.decode(type, from: body)
        } catch {
            throw self.run.pause(
                .undecodable,
                DurableError(
                    .undecodable,
                    """
                    what came cannot be read as what the workflow waits for, and is kept: deploy code that can read it, \
                    then resume the workflow
                    """,
                    workflow: self.run.id,
                    step: label,
                    underlying: error
                )
            )
        }
    }
}

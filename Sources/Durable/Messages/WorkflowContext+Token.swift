// SPDX-License-Identifier: Apache-2.0

import Libpq

extension WorkflowContext {
    /// Makes a token for an outside system.
    ///
    /// - Parameters:
    ///   - type: What it is completed with.
    ///   - name: What it is called in the journal, views and logs; 1 to 128 bytes.
    /// - Throws: ``DurableError`` (`invalidArgument`); ``WorkflowInterruption``.
    public func token<T: Codable & Sendable>(_ type: T.Type, _ name: String) async throws -> Token<T> {
        switch try await self.begin(.token, name) {
        case .recorded(let recorded):
            let id = try await self.replay(recorded, as: String.self)
            return Token(id: id, name: name)
        case .live(let call):
            let id = Token<T>.makeID()
            var record = JournalRecord(place: call.place, phase: 0, kind: .token, name: name, at: self.timestamp())
            record.output = try self.engine.coder.encode(id, as: "the token").map { .bytes($0) }
            try await self.submit(record, riders: [.token(id: id, name: name)])
            return Token(id: id, name: name)
        }
    }

    /// Waits until a token is completed.
    ///
    /// - Parameters:
    ///   - token: A token of this workflow.
    ///   - beat: How often its holder must say that it is still at work (`beat(token:)`); nil: never.
    /// - Returns: What it was completed with.
    /// - Throws: A ``StepFailure`` when it was failed, or with the code `heartbeatLost` when its holder fell silent;
    ///   ``DurableError`` (`invalidArgument`); ``WorkflowInterruption``.
    public func value<T>(of token: Token<T>, beat: Duration? = nil) async throws -> T {
        guard let value = try await self.value(of: token, .never, beat: beat) else { throw self.run.interruptionError }
        return value
    }

    /// Waits until a token is completed, at most for some time; then it expires.
    ///
    /// Who completes it later is told so.
    ///
    /// - Parameters:
    ///   - token: A token of this workflow.
    ///   - limit: How long, by the database's clock. Not negative, and at most 100 years.
    ///   - beat: How often its holder must say that it is still at work (`beat(token:)`); nil: never.
    /// - Returns: What it was completed with; nil when it was not completed in time.
    /// - Throws: As ``value(of:beat:)``.
    public func value<T>(of token: Token<T>, within limit: Duration, beat: Duration? = nil) async throws -> T? {
        try await self.value(of: token, .after(limit), beat: beat)
    }

    fileprivate enum Decision {
        case completed([UInt8]?)
        case failed([UInt8])
        case silent
    }

    private func value<T: Codable & Sendable>(
        of token: Token<T>,
        _ limit: WaitLimit,
        beat: Duration?
    ) async throws -> T? {
        _ = try limit.due(now: self.engine.now(), as: "the wait for a token")
        if let beat {
            try DatabaseTime.check(beat, as: "the heartbeat of token \(token.name)")
            guard beat > .zero else {
                throw DurableError(
                    .invalidArgument,
                    "the heartbeat of token \(token.name) is zero; it must be positive"
                )
            }
        }
        switch try await self.begin(.token, token.name) {
        case .recorded(let recorded):
            if recorded.record.due != nil { return nil }
            return try await self.replay(recorded, as: T.self)
        case .live(let call):
            // The token's own row may be on its way still: nobody can complete what is not there.
            try await self.waitUntilDurable(self.lastTicket)
            let awaited = Awaited("token \(token.name)", topic: "token:\(token.id)")
            var (found, due) = try await self.await(call, limit, for: awaited) { _ in
                try await self.look(at: token.id, beat: beat)
            }
            if found == nil || found.isSilent {
                // From now on nobody can complete it; unless somebody just has.
                _ = try await self.ask(Statement(self.engine.directory.messages.expireToken, [Parameter(token.id)]))
                found = try await self.look(at: token.id, beat: beat).found ?? (found.isSilent ? .silent : nil)
            }
            var record = JournalRecord(place: call.place, phase: 0, kind: .token, name: call.name, at: self.timestamp())
            switch found {
            case .completed(let body):
                let value = try self.decodeReceived(T.self, body, of: call.label)
                record.output = body.map { .bytes($0) }
                try await self.submit(record)
                return value
            case .failed(let error):
                record.error = error
                try await self.submit(record)
                throw try self.recordedError(error, label: call.label, failures: [], at: call.place)
            case .silent:
                let error = RecordedError(
                    type: "HeartbeatLost",
                    message: "the holder of token \(token.name) has not said for too long that it is still at work",
                    code: "heartbeatLost"
                )
                record.error = error.encode(by: self.engine.coder)
                try await self.submit(record)
                throw error.failure
            case nil:
                record.due = due
                record.at = max(due ?? 0, record.at)
                try await self.submit(record)
                return nil
            }
        }
    }

    fileprivate func look(at token: String, beat: Duration?) async throws -> Sight<Decision> {
        let statement = Statement(
            self.engine.directory.messages.lookAtToken,
            [Parameter(self.run.id), Parameter(token)]
        )
        guard let row = try await self.ask(statement).first else { return Sight(seen: self.run.mailbox) }
        var sight = Sight<Decision>(seen: try row.decode(0, as: Int64?.self) ?? self.run.mailbox)
        switch try row.decode(1, as: String?.self) {
        case "completed": sight.found = .completed(row.bytes(3))
        case "failed": sight.found = .failed(row.bytes(4) ?? [])
        case "pending":
            guard let beat, let last = row.microseconds(2) else { break }
            let silent = DatabaseTime.adding(beat, to: last)
            if silent <= self.engine.now() { sight.found = .silent } else { sight.again = silent }
        default: break
        }
        return sight
    }
}

extension WorkflowContext.Decision? {
    fileprivate var isSilent: Bool { if case .silent = self { true } else { false } }
}

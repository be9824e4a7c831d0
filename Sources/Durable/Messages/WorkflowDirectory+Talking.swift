// SPDX-License-Identifier: Apache-2.0

import Libpq

extension WorkflowDirectory {
    // MARK: - Tokens

    func complete<T: Encodable>(token: String, _ value: T) async throws -> Bool {
        let body = try self.coder.encode(value, as: "the value of a token", of: PayloadSubject(.message))
        return try await self.decide(
            Statement(self.messages.completeToken, [Parameter(token), .json(body)])
        )
    }

    func fail(token: String, message: String, code: String?) async throws -> Bool {
        try await self.decide(
            Statement(
                self.messages.failToken,
                [Parameter(token), Parameter(message), code.map { Parameter($0) } ?? .null(.text)]
            )
        )
    }

    func beat(token: String) async throws -> Bool {
        let rows = try await self.run(Statement(self.messages.beatToken, [Parameter(token)]), for: nil)
        return try rows.first?.decode(0, as: Bool.self) ?? false
    }

    private func decide(_ statement: Statement) async throws -> Bool {
        let isFirst = try await self.run(statement, for: nil).first?.decode(0, as: Bool.self) ?? false
        if isFirst { self.notifier.post(.inbox) }
        return isFirst
    }

    // MARK: - Events

    func publish<T: Encodable>(_ event: String, _ payload: T, key: String?) async throws {
        let statement = try OutgoingEvent(event, payload, key: key, coder: self.coder).statement(self.messages)
        _ = try await self.run(statement, for: nil)
        self.notifier.post(.inbox)
    }

    func register(_ trigger: EventTrigger) async throws {
        let seconds = trigger.timeout.map { Parameter($0 / .seconds(1)) } ?? .null(.float8)
        _ = try await self.run(
            Statement(
                self.messages.registerTrigger,
                [Parameter(trigger.event), Parameter(trigger.workflow), Parameter(trigger.version), seconds]
            ),
            for: nil
        )
    }

    // MARK: - Values

    /// What a workflow has published last under a name.
    ///
    /// - Parameter limit: How long to wait until it publishes anything there.
    func value<T: Decodable>(_ type: T.Type, _ name: String, of id: String, within limit: Duration) async throws -> T? {
        try IdentifierRules.check(workflowID: id)
        try IdentifierRules.check(name: name, of: .value)
        try DatabaseTime.check(limit, as: "the wait for value \(name)")
        return try await self.poll(within: limit) { () -> Polled<T> in
            let rows = try await self.run(Statement(self.messages.value, [Parameter(id), Parameter(name)]), for: id)
            guard let row = rows.first else {
                throw DurableError(.workflowNotFound, "no workflow has the id \"\(id)\"", workflow: id)
            }
            if row.isNull(0) { return try row.decode(2, as: Bool.self) ? .never : .notYet }
            return .found(try self.coder.decode(type, from: row.bytes(1)))
        }
    }

    enum Polled<T> {
        case found(T)
        case notYet
        case never
    }

    /// Asks again and again, first quickly, then at the poll interval.
    func poll<T>(within limit: Duration, _ ask: () async throws -> Polled<T>) async throws -> T? {
        let end = ContinuousClock.now + min(limit, .longest)
        var interval = Duration.milliseconds(5)
        while true {
            switch try await ask() {
            case .found(let value): return value
            case .never: return nil
            case .notYet: break
            }
            let left = end - .now
            if left <= .zero { return nil }
            try await Task.sleep(for: min(interval, left))
            interval = min(interval * 3 / 2, self.board.interval)
        }
    }
}

/// An event, checked and encoded.
struct OutgoingEvent: Sendable {
    let name: String
    let key: String?
    let body: [UInt8]?

    init<T: Encodable>(_ name: String, _ payload: T, key: String?, coder: PayloadCoder) throws {
        try IdentifierRules.check(name: name, of: .event)
        if let key { try IdentifierRules.check(key: key) }
        self.name = name
        self.key = key
        self.body = try coder.encode(
            payload,
            as: "the payload of event \"\(name)\"",
            of: PayloadSubject(.message, name: name)
        )
    }

    func statement(_ texts: MessageStatements) -> Statement {
        Statement(
            texts.publishEvent,
            [Parameter(self.name), self.key.map { Parameter($0) } ?? .null(.text), .json(self.body)]
        )
    }
}

extension Parameter {
    /// A payload; nil is NULL.
    static func json(_ body: [UInt8]?) -> Parameter { body.map { Parameter(bytes: $0, type: .json) } ?? .null(.json) }
}

// SPDX-License-Identifier: Apache-2.0

import Libpq

/// A message, checked and encoded.
struct OutgoingMessage: Sendable {
    let workflow: String
    let name: String
    let body: [UInt8]?
    let key: String?

    /// - Throws: `DurableError`: `invalidArgument` for an id, a name or a key that cannot be one, `unencodable` for a payload
    ///   that cannot be written or is too large.
    init<T: Codable>(to id: String, _ name: String, _ payload: T, key: String?, coder: PayloadCoder) throws {
        try IdentifierRules.check(workflowID: id)
        try IdentifierRules.check(name: name, of: .signal)
        if let key { try IdentifierRules.check(key: key) }
        self.workflow = id
        self.name = name
        self.key = key
        self.body = try coder.encode(
            payload,
            as: "the payload of signal \"\(name)\"",
            of: PayloadSubject(.message, name: name)
        )
    }

    /// Sends it in the transaction that is open.
    func statement(_ text: StatementText) -> Statement {
        Statement(
            text,
            [
                Parameter(self.workflow), Parameter(self.name),
                self.body.map { Parameter(bytes: $0, type: .json) } ?? .null(.json),
                self.key.map { Parameter($0) } ?? .null(.text),
            ]
        )
    }
}

extension DurableError {
    /// What the functions for messages refuse, in words; any other error of the database as it is.
    static func refused(_ error: PostgresError, workflow: String?) -> DurableError {
        switch error.sqlState {
        case "DU010": DurableError(.workflowNotFound, error.serverMessage, workflow: workflow)
        case "DU011": DurableError(.workflowEnded, error.serverMessage, workflow: workflow)
        case "DU012": DurableError(.invalidArgument, error.serverMessage, workflow: workflow)
        case "DU013": DurableError(.tokenNotFound, error.serverMessage, workflow: workflow)
        default: DurableError(error)
        }
    }
}

extension PostgresError {
    /// What the server said, without what the driver adds.
    fileprivate var serverMessage: String { self.message }
}

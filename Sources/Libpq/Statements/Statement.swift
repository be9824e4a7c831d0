// SPDX-License-Identifier: Apache-2.0

/// One statement with its parameters.
public struct Statement: Sendable {
    enum Source: Sendable {
        case text(StatementText)
        case query(String)
    }

    let source: Source
    /// The encoded parameters, in the order of `$1`, `$2`.
    public let parameters: [Parameter]

    /// A statement whose text is prepared once per connection.
    public init(_ text: StatementText, _ parameters: [Parameter] = []) {
        self.source = .text(text)
        self.parameters = parameters
    }

    /// A statement written as a literal with interpolated values.
    public init(_ query: Query) {
        self.source = .query(query.sql)
        self.parameters = query.parameters
    }

    /// The SQL text.
    public var sql: String {
        switch self.source {
        case .text(let text): text.sql
        case .query(let sql): sql
        }
    }

    /// What is wrong with the statement before it is sent, or nil.
    func problem() -> PostgresError? {
        if self.parameters.count > 65_535 {
            return PostgresError(
                .invalidArgument,
                "a statement has at most 65535 parameters, not \(self.parameters.count)"
            )
        }
        for (index, parameter) in self.parameters.enumerated() {
            if case .invalid(let error) = parameter.storage { return error }
            // The server takes messages below 1 GiB.
            if parameter.count > 0x3fff_0000 {
                return PostgresError(
                    .invalidArgument,
                    "parameter $\(index + 1) has \(parameter.count) bytes; Postgres takes at most 1 GiB"
                )
            }
        }
        guard case .text(let text) = self.source, !text.types.isEmpty else { return nil }
        guard text.types.count == self.parameters.count else {
            return PostgresError(
                .invalidArgument,
                "the statement declares \(text.types.count) parameters and is given \(self.parameters.count)"
            )
        }
        for (index, (declared, parameter)) in zip(text.types, self.parameters).enumerated()
        where declared != parameter.type && declared != .inferred && parameter.type != .inferred {
            if declared.isTextual && parameter.type.isTextual { continue }
            return PostgresError(
                .invalidArgument,
                "parameter $\(index + 1) is declared as \(declared) and is given \(parameter.type)"
            )
        }
        return nil
    }
}

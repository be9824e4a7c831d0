// SPDX-License-Identifier: Apache-2.0

/// A transaction under way, for the body of `withTransaction` and nobody else.
///
/// It begins with its first statement, in the same round trip. It is committed when the body returns, and rolled back when the body throws.
/// A call after that throws `transactionMisuse`.
public final class PostgresTransaction {
    private enum Phase {
        case fresh
        case open
        /// Nothing may be run any more; the error says why.
        case over(PostgresError)
    }

    private let connection: PostgresConnection
    private let begin: Statement
    private let deadline: Duration?
    private var phase = Phase.fresh
    /// The first error of a statement, after which the server can only roll back.
    private(set) var failure: PostgresError?

    init(_ connection: PostgresConnection, _ isolation: PostgresIsolation, readOnly: Bool, deadline: Duration?) {
        self.connection = connection
        // Stated in full, whatever the defaults of the role and the database are.
        let access = readOnly ? "READ ONLY" : "READ WRITE"
        self.begin = Statement(Query("BEGIN ISOLATION LEVEL \(unescaped: isolation.rawValue) \(unescaped: access)"))
        self.deadline = deadline
    }

    /// The process id of the server's backend.
    public var backendPID: Int32 { self.connection.backendPID }

    /// Runs several statements in one round trip.
    ///
    /// - Throws: the first error, with the index of its statement; the transaction can only be rolled back then.
    @discardableResult
    public func run(_ pipeline: Pipeline) async throws(PostgresError) -> [StatementResult] {
        let isFirst: Bool
        switch self.phase {
        case .over(let error): throw error
        case .fresh: isFirst = true
        case .open: isFirst = false
        }
        if pipeline.statements.isEmpty { return [] }
        self.phase = .open
        do {
            let statements = isFirst ? [self.begin] + pipeline.statements : pipeline.statements
            let results = try await self.connection.run(Pipeline(statements), deadline: self.deadline)
            let own = isFirst ? Array(results.dropFirst()) : results
            try self.checkStillOpen(own)
            return own
        } catch {
            throw self.record(error, isFirst: isFirst)
        }
    }

    private func record(_ error: PostgresError, isFirst: Bool) -> PostgresError {
        var error = error
        if isFirst, let index = error.statementIndex { error.statementIndex = max(0, index - 1) }
        // Without a COMMIT nothing has taken effect, whether the reply came or not.
        error.isOutcomeUnknown = false
        if self.failure == nil { self.failure = error }
        return error
    }

    /// A body that ends the transaction itself would leave the statements after it outside of any.
    private func checkStillOpen(_ results: [StatementResult]) throws(PostgresError) {
        let hasCommitted = results.contains { $0.tag == "COMMIT" || $0.tag == "PREPARE TRANSACTION" }
        guard hasCommitted || self.connection.transactionStatus == .idle else { return }
        let error = PostgresError(
            .transactionMisuse,
            hasCommitted
                ? "the body of the transaction committed it itself; leave COMMIT to withTransaction"
                : "the body of the transaction rolled it back itself; throw an error instead"
        )
        self.phase = .over(error)
        throw error
    }

    // MARK: The end, for `withTransaction`

    /// Commits, unless nothing was ever sent.
    func commit() async throws(PostgresError) {
        switch self.phase {
        case .over(let error):
            throw error
        case .fresh:
            self.end()
        case .open:
            self.end()
            if let failure { throw await self.rolledBack(failure) }
            let results = try await self.connection.runToTheEnd(["COMMIT"], deadline: self.deadline)
            // A transaction that has failed answers ROLLBACK, without an error.
            guard results.first?.tag == "COMMIT" else {
                throw PostgresError(
                    .server,
                    "the server rolled the transaction back instead of committing it",
                    sqlState: "25P02"
                )
            }
        }
    }

    /// Rolls back what was begun.
    ///
    /// A connection that cannot even do that is closed, which has the same effect.
    func rollback() async {
        if case .open = self.phase {
            self.end()
            if self.connection.isClosed { return }
            do {
                try await self.connection.runToTheEnd(["ROLLBACK"], deadline: .seconds(10))
            } catch {
                self.connection.close()
            }
        }
        self.end()
    }

    private func rolledBack(_ failure: PostgresError) async -> PostgresError {
        do {
            try await self.connection.runToTheEnd(["ROLLBACK"], deadline: .seconds(10))
        } catch {
            self.connection.close()
        }
        return failure
    }

    private func end() {
        if case .over = self.phase { return }
        self.phase = .over(PostgresError(.transactionMisuse, "the transaction is over; it cannot be used any more"))
    }
}

extension PostgresTransaction: PostgresQuerying {
    /// Runs a statement and returns its rows.
    public func query(_ query: Query) async throws(PostgresError) -> Rows {
        try await self.run(Pipeline([Statement(query)])).first?.rows ?? Rows(nil)
    }

    /// Runs a statement and returns how many rows it changed.
    @discardableResult
    public func execute(_ query: Query) async throws(PostgresError) -> Int {
        try await self.run(Pipeline([Statement(query)])).first?.affected ?? 0
    }
}

/// Not to be handed to another task: its statements have an order.
@available(*, unavailable)
extension PostgresTransaction: Sendable {}

// SPDX-License-Identifier: Apache-2.0

public import Libpq

/// The database transaction of a transaction step: what it writes and the step's checkpoint commit together.
///
/// It is not `Sendable`: a user can wrap it (`OrderRepository(transaction)`), and `Task`, `async let` and task groups on it
/// do not compile. After its step has ended every call on it throws.
///
/// ```swift
/// try await workflow.transaction("reserve") { transaction in
///     try await transaction.execute("INSERT INTO reservation (order_id) VALUES (\(order.id))")
/// }
/// ```
public final class Transaction: PostgresQuerying {
    /// The step as people see it.
    public let step: String
    /// The id of the workflow.
    public let workflow: String

    let coder: PayloadCoder
    let messages: MessageStatements
    let queues: QueueStatements
    let enqueuing: Enqueuing
    private let connection: PostgresConnection
    private let spin: TransactionSpin
    /// BEGIN and the fence: they go out together with the first statement.
    private var preamble: [Statement]
    private var hasEnded = false

    init(
        connection: PostgresConnection,
        preamble: [Statement],
        workflow: String,
        step: String,
        engine: EngineCore
    ) {
        self.connection = connection
        self.spin = engine.transactionSpin
        self.coder = engine.coder
        self.messages = engine.directory.messages
        self.queues = engine.directory.queues
        self.enqueuing = Enqueuing(engine: engine)
        self.preamble = preamble
        self.workflow = workflow
        self.step = step
    }

    /// Runs a statement, and returns its rows.
    public func query(_ query: Query) async throws -> Rows {
        try await self.run(query).rows
    }

    /// Runs a statement, and returns how many rows it wrote or returned.
    @discardableResult
    public func execute(_ query: Query) async throws -> Int {
        try await self.run(query).affected
    }

    /// Calls one of the engine's functions in the transaction: what it sends is sent when that commits.
    ///
    /// - Throws: In words what the function refuses; the transaction cannot commit any more.
    func call(_ statement: Statement, for workflow: String?) async throws -> Rows {
        try self.checkOpen()
        self.hasSent = true
        do {
            let results = try await self.flush(with: [statement])
            return results[results.count - 1].rows
        } catch let error as PostgresError where error.sqlState?.hasPrefix("DU01") ?? false {
            throw DurableError.refused(error, workflow: workflow)
        }
    }

    /// Whether something was sent that waits for the router once it is committed.
    private(set) var hasSent = false

    /// The workflows that it has put into queues: started once it is committed.
    var enqueued: [Enqueuing.Started] = []

    private func checkOpen() throws {
        guard self.hasEnded else { return }
        throw DurableError(
            .transactionMisuse,
            "the transaction was used after its step had ended",
            workflow: self.workflow,
            step: self.step
        )
    }

    private func run(_ query: Query) async throws -> StatementResult {
        try self.checkOpen()
        if let word = TransactionControl.word(in: query.sql) {
            let misuse = DurableError(
                .transactionMisuse,
                """
                a transaction step commits by returning and rolls back by throwing; it may not say \(word) itself, \
                since its checkpoint would be left behind
                """,
                workflow: self.workflow,
                step: self.step
            )
            self.misuse = misuse
            throw misuse
        }
        let results = try await self.flush(with: [Statement(query)])
        return results[results.count - 1]
    }

    /// Sends statements, after BEGIN and the fence if nothing was sent yet.
    func flush(with statements: [Statement]) async throws -> [StatementResult] {
        let all = self.preamble + statements
        self.preamble = []
        do {
            let results = try await self.connection.run(Pipeline(all)) {
                self.spin.look(for: .statement, on: self.connection)
            }
            // A body that has gone back to a savepoint is where it was.
            self.failure = nil
            return results
        } catch {
            // In a transaction that has failed every statement fails: the first one says why.
            if error.sqlState != "25P02" || self.failure == nil { self.failure = error }
            throw error
        }
    }

    /// The same for what commits, to its end even when the task is cancelled.
    func commit(with statements: [Statement]) async throws -> [StatementResult] {
        let all = self.preamble + statements
        self.preamble = []
        return try await withUnsafeThrowingContinuation { waiter in
            self.connection.send(Pipeline(all)) { waiter.resume(with: $0) }
            self.spin.look(for: .commit, on: self.connection)
        }
    }

    /// Whether BEGIN has gone out, so that there is something to roll back.
    var hasBegun: Bool { self.preamble.isEmpty }

    /// What the body tried and must not do; a body that goes on all the same is not committed.
    private(set) var misuse: DurableError?

    /// What has failed the transaction, so that nothing but a rollback is possible.
    private(set) var failure: PostgresError?

    /// From now on every call throws.
    func end() { self.hasEnded = true }
}

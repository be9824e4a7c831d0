// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging
import Synchronization

/// Brings what has come in to the workflows that it is for.
///
/// A turn takes rows from the inbox, counts the mailboxes up, and makes parked workflows due (`durable.route`). A workflow that
/// runs here is told in memory, the owner of one that runs elsewhere by a notification. Besides, a look at the mailboxes of
/// what runs here, with each poll, finds what another process's router has counted.
final class Router: Sendable {
    /// How many rows one turn takes.
    static let batch: Int32 = 512

    private struct State {
        var isLookWanted = false
    }

    private let pool: PostgresPool
    private let statements: WakeStatements
    private let notifier: WakeNotifier
    private let runs: RunTable
    private let offers: Set<WorkflowVersion>
    private let executor: @Sendable () -> Int32?
    private let claims: Bell
    private let logger: Logger
    private let state = Mutex(State())
    /// Rings when there is something to do before the next poll.
    let bell = Bell()
    /// Rings when a workflow is to be cancelled, or a child has ended.
    let lineage = Bell()

    init(
        pool: PostgresPool,
        statements: WakeStatements,
        notifier: WakeNotifier,
        runs: RunTable,
        offers: [WorkflowOffer],
        executor: @escaping @Sendable () -> Int32?,
        claims: Bell,
        logger: Logger
    ) {
        self.pool = pool
        self.statements = statements
        self.notifier = notifier
        self.runs = runs
        self.offers = offers.versions
        self.executor = executor
        self.claims = claims
        self.logger = logger
        notifier.handleLocally { [weak self] wake in self?.handle(wake, isOwn: true) ?? false }
    }

    /// Acts on a hint.
    ///
    /// - Returns: Whether no other process need hear of it.
    @discardableResult
    func handle(_ wake: Wake, isOwn: Bool = false) -> Bool {
        switch wake {
        case .inbox:
            self.bell.ring()
            return true
        case .claim:
            self.claims.ring()
            // Who gives the hint does not know whether this process can take what is due.
            return false
        case .lineage:
            self.lineage.ring()
            // The workflow may be another process's to end.
            return false
        case .mailboxes(let executor):
            guard executor == self.executor() else { return false }
            self.lookSoon()
            return true
        }
    }

    /// Looks at the mailboxes of what runs here, and at everything that may be due.
    func lookAtEverything() {
        self.claims.ring()
        self.lineage.ring()
        self.lookSoon()
    }

    private func lookSoon() {
        self.state.withLock { $0.isLookWanted = true }
        self.bell.ring()
    }

    /// Works until there is nothing more to do for now.
    func turn() async throws {
        var pauses = 0
        while !Task.isCancelled {
            let (taken, busy) = try await self.route()
            if busy > 0 {
                // A workflow is just parking or ending. That takes a moment, and its message should take no longer.
                pauses += 1
                try await Task.sleep(for: .milliseconds(min(1 << pauses, 100)))
                if pauses > 20 { break }
            } else if taken < Int(Router.batch) {
                break
            }
        }
        let isDue = self.state.withLock { state in
            defer { state.isLookWanted = false }
            return state.isLookWanted
        }
        if isDue { try await self.look() }
    }

    /// One transaction of the router.
    private func route() async throws -> (taken: Int, busy: Int) {
        // Both halves, the inbox's and the mailbox's, are lost together or not at all: no need to wait for the disk.
        let transaction = ShortTransaction(statements: [
            Statement(ShortTransaction.asynchronous),
            Statement(self.statements.route, [Parameter(Router.batch)]),
        ])
        let results = try await self.pool.withConnection { connection in
            try await transaction.run(on: connection, deadline: .seconds(10))
        }
        let own = self.executor()
        var taken = 0
        var busy = 0
        var isDueHere = false
        var isDueElsewhere = false
        for row in results[1].rows {
            taken = Int(try row.decode(0, as: Int32.self))
            busy = Int(try row.decode(1, as: Int32.self))
            guard let id = try row.decode(2, as: String?.self) else { continue }
            let (name, version) = (try row.decode(3, as: String.self), try row.decode(4, as: Int32.self))
            let mailbox = try row.decode(6, as: Int64.self)
            if let executor = try row.decode(5, as: Int32?.self) {
                if executor == own {
                    self.runs[id]?.stir(mailbox)
                } else {
                    self.notifier.tellOthers(.mailboxes(executor: executor))
                }
            } else if try row.decode(7, as: Bool.self) {
                let isOffered = self.offers.contains(WorkflowVersion(name: name, version: version))
                if isOffered, self.runs.room > 0 { isDueHere = true } else { isDueElsewhere = true }
            }
        }
        if isDueHere { self.claims.ring() }
        if isDueElsewhere { self.notifier.tellOthers(.claim) }
        return (taken, busy)
    }

    // MARK: - Mailboxes

    /// Asks for the mailboxes of the runs in memory; nil when there are none.
    func lookAtMailboxes() -> Statement? {
        var ids = ArrayColumn(.text)
        var tokens = ArrayColumn(.int8)
        var counts = ArrayColumn(.int8)
        for run in self.runs.all where !run.isInterrupted {
            ids.append(run.id)
            tokens.append(run.lane.token)
            counts.append(run.mailbox)
        }
        guard ids.count > 0 else { return nil }
        return Statement(self.statements.stirred, [ids.parameter, tokens.parameter, counts.parameter])
    }

    /// Tells those runs that have had something come in.
    func stir(_ rows: Rows) throws {
        for row in rows {
            let (id, mailbox) = try row.decode((String, Int64).self)
            self.runs[id]?.stir(mailbox)
        }
    }

    private func look() async throws {
        guard let statement = self.lookAtMailboxes() else { return }
        let transaction = ShortTransaction(statements: [statement])
        let results = try await self.pool.withConnection { connection in
            try await transaction.run(on: connection, deadline: .seconds(10))
        }
        try self.stir(results[0].rows)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Libpq

/// The poll: one statement that says whether there is anything to do, and whether something has come in for what runs here.
///
/// An engine with nothing to do says nothing else by the clock. The statement only looks, so that it needs neither a transaction nor the
/// fence; whoever is woken by what it found asks again, in a transaction of its own.
struct Watch: Sendable {
    let pool: PostgresPool
    let statements: PollStatements
    let router: Router

    /// Looks once, and tells the runs in memory what has come in for them.
    func look() async throws -> PollFindings {
        let pipeline = Pipeline([Statement(self.statements.look)] + [self.router.lookAtMailboxes()].compactMap(\.self))
        let results = try await self.pool.withConnection { try await $0.run(pipeline, deadline: .seconds(10)) }
        if results.count > 1 { try self.router.stir(results[1].rows) }
        return try PollFindings(results[0].rows)
    }
}

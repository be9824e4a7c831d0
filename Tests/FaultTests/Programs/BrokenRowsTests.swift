// SPDX-License-Identifier: Apache-2.0

import Durable
import Libpq
import TemporaryPostgres
import Testing

@testable import FaultSuite

extension FaultTests {
    /// Each invariant sees rows that the engine would never leave behind, in a database that it has just left as it should be.
    @Suite("What is broken in the rows", .timeLimit(.minutes(5)))
    struct BrokenRowsTests {
        /// What is done to the rows, and which invariant is to see it, in an order in which none hides another.
        private static let breaks: [(invariant: any Invariant.Type, statement: String)] = [
            (TransactionsCountOnce.self, "UPDATE faults.counter SET value = value + 1"),
            (ValuesArePublished.self, "UPDATE durable.published SET version = version + 1"),
            (
                StreamsAreInOrder.self,
                "DELETE FROM durable.stream WHERE id = (SELECT max(id) FROM durable.stream WHERE name = 'log')"
            ),
            (
                UpdatesAreAnsweredOnce.self,
                "UPDATE durable.update_request SET body = '{\"request\": 1, \"value\": 0}'"
            ),
            (
                EventsArePublishedOnce.self,
                """
                INSERT INTO durable.event (name, key, body)
                    SELECT name, key, body FROM durable.event WHERE key LIKE '% op8'
                """
            ),
            (
                GroupsSeeTheirChildren.self,
                """
                UPDATE durable.outcome SET output = '{"workflow": "x", "digest": 1}'
                    WHERE workflow_id = (SELECT max(id) FROM durable.workflow WHERE parent IS NOT NULL)
                """
            ),
            (ResultsAreReturned.self, "UPDATE durable.journal SET output = '3' WHERE kind = 15"),
            (NothingIsLeftBehind.self, "DELETE FROM faults.effect WHERE name = 'op1'"),
            (EnqueuedWithTheirTransaction.self, "DELETE FROM durable.workflow WHERE id LIKE '%+op10-1'"),
            (
                ParentsSeeTheirChildren.self,
                """
                UPDATE durable.journal SET output = '{"workflow": "nobody", "digest": 1}'
                    WHERE kind = 8 AND phase = 0 AND output ->> 'workflow' IS NOT NULL
                """
            ),
            (SignalsAreConsumedOnce.self, "DELETE FROM durable.journal WHERE kind = 7 AND name = 'mail'"),
            (
                UndosRunInReverse.self,
                "UPDATE durable.journal SET at = at + interval '1 h' WHERE name = 'undo op2'"
            ),
            (NobodySupersededWrites.self, BrokenRowsTests.record(run: 1, executor: "0")),
            (
                OneOutcome.self,
                """
                INSERT INTO durable.live (workflow_id, name, version, state, run_at)
                    SELECT workflow_id, 'nobody', 1, 'paused', now() FROM durable.outcome
                """
            ),
            (EveryStartEnds.self, "DELETE FROM durable.outcome"),
        ]

        /// A record that nobody was to make, of a workflow that is there.
        private static func record(run: Int, executor: String) -> String {
            """
            INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, name)
                SELECT max(id), 'nowhere', 0, 1, 3, \(executor), \(run), 'nobody' FROM durable.workflow
            """
        }

        private static let program: Program = {
            func small(_ number: Int) -> Program {
                Program(number: number, operations: [Operation(number: number + 50, action: .step(StepPlan()))])
            }
            return Program(
                operations: [
                    Operation(number: 1, action: .transaction(TransactionPlan())),
                    Operation(number: 2, action: .publish(name: "value")),
                    Operation(number: 3, action: .append(stream: "log", elements: 0)),
                    Operation(number: 4, action: .answer(update: "ask")),
                ],
                later: [
                    Program(operations: [
                        Operation(number: 5, action: .publish(name: "value")),
                        Operation(number: 6, action: .append(stream: "log", elements: 3)),
                        Operation(number: 7, action: .event(isOwn: false)),
                        Operation(number: 8, action: .event(isOwn: true)),
                        Operation(number: 9, action: .answer(update: "ask")),
                        Operation(number: 10, action: .enqueue([small(20), small(21)])),
                        Operation(
                            number: 11,
                            action: .children([small(30), small(31), small(32)], GroupPlan(concurrency: 1))
                        ),
                        Operation(number: 12, action: .poll),
                        Operation(number: 13, action: .child(small(40), isDetached: false)),
                        Operation(number: 14, action: .receive(signal: "mail")),
                    ])
                ]
            )
        }()

        private static let failing = Program(
            operations: (1...2).map { Operation(number: $0, action: .step(StepPlan(undo: .works))) },
            ending: .fails
        )

        @Test
        func `what was said, asked, enqueued and left behind is seen when its rows are not as they were`() async throws
        {
            var plan = RoundPlan(seed: 4, nemeses: [], programs: 3)
            for index in plan.scenarios.indices {
                plan.scenarios[index].program = index < 2 ? Self.program : Self.failing
                plan.scenarios[index].cancelledAfter = nil
            }
            var round = Round(plan: plan, folder: FaultSuite.Suite.folder())
            round.inspect = { arena, monitor, evidence in
                for (invariant, statement) in Self.breaks {
                    var before = evidence
                    before.clear()
                    try await before.load(arena.configuration)
                    #expect(invariant.violations(in: before).isEmpty)
                    try await arena.primary.administer(statement, database: arena.database)
                    var after = evidence
                    after.clear()
                    try await after.load(arena.configuration)
                    #expect(!invariant.violations(in: after).isEmpty, "\(invariant.name)")
                }
                try await Self.seesFencedWrites(arena, evidence)
                try await Self.seesSessions(arena, monitor)
                for (limit, statements) in Self.excesses {
                    try await Deadline.wait("more than a limit is seen: \(limit)", within: .seconds(60)) {
                        // Again and again: the workers free what belongs to no process, often before the next look.
                        for statement in statements {
                            try await arena.primary.administer(statement, database: arena.database)
                        }
                        return monitor.sightings.contains { $0.invariant == "limits hold" && $0.words.hasPrefix(limit) }
                    }
                }
            }
            let result = try await round.run()
            #expect(result.violations.isEmpty)
        }

        /// A record of a process that was declared dead is seen as it is committed, though its workflow is there.
        private static func seesFencedWrites(_ arena: Arena, _ evidence: Evidence) async throws {
            try await arena.primary.administer(
                """
                INSERT INTO durable.executor (id, name, host, pid, fenced_at)
                    VALUES ('00000000-0000-0000-0000-000000000001', 'dead', 'nowhere', 1, now())
                """,
                database: arena.database
            )
            let dead = "(SELECT number FROM durable.executor WHERE name = 'dead')"
            try await arena.primary.administer(
                "DELETE FROM durable.journal WHERE name = 'nobody'; \(Self.record(run: 2, executor: dead))",
                database: arena.database
            )
            var after = evidence
            after.clear()
            try await after.load(arena.configuration)
            #expect(NobodySupersededWrites.violations(in: after).contains { $0.words.hasPrefix("fenced") })
        }

        /// A session that is left idle in a transaction, and more of them than a worker may have, are seen while they last.
        private static func seesSessions(_ arena: Arena, _ monitor: Monitor) async throws {
            #expect(await monitor.sessionTrouble(within: .seconds(60)).isEmpty)
            var configuration = arena.configuration
            configuration.applicationName = "durable-faults-0"
            let connections = try await withThrowingTaskGroup(of: PostgresConnection.self) { [configuration] group in
                for _ in 0...WorkerOptions.connections {
                    group.addTask { try await PostgresConnection.connect(configuration) }
                }
                return try await group.reduce(into: [PostgresConnection]()) { $0.append($1) }
            }
            defer { for connection in connections { connection.close() } }
            try await connections[0].execute("BEGIN")
            // What has been idle for a moment only says nothing.
            try await Deadline.wait("both are seen", within: .seconds(60)) {
                let found = await monitor.sessionTrouble(within: .seconds(1))
                return ["no session is left idle", "no worker has more connections"].allSatisfy { words in
                    found.contains { $0.words.hasPrefix(words) }
                }
            }
        }

        /// Rows of workflows that are under way though nothing may be, and nobody runs them.
        private static let excesses: [(limit: String, statements: [String])] = [
            (
                "more run of a queue than its limit",
                [BrokenRowsTests.running("queue, executor", "'narrow', n % 2 + 90", count: 6)]
            ),
            (
                "more run of a queue in a process than its limit",
                [BrokenRowsTests.running("queue, executor", "'narrow', 95", count: 4)]
            ),
            (
                "more children of a group are under way than may be",
                [
                    """
                    INSERT INTO durable.child_group (parent, place, concurrency, released) VALUES ('x', 'x/1', 1, 1)
                        ON CONFLICT DO NOTHING
                    """,
                    BrokenRowsTests.running("parent, place, executor", "'x', 'x/1', 96", count: 2),
                ]
            ),
        ]

        private static func running(_ columns: String, _ values: String, count: Int) -> String {
            """
            INSERT INTO durable.live (workflow_id, name, version, state, run_at, epoch, run, \(columns))
                SELECT 'excess ' || \(count) || '-' || n, 'nobody', 1, 'running', now(), 1, n, \(values)
                FROM generate_series(1, \(count)) AS n
                ON CONFLICT (workflow_id) DO UPDATE
                    SET state = excluded.state, executor = excluded.executor, epoch = excluded.epoch, run = excluded.run
            """
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Libpq
import TemporaryPostgres
import Testing

@testable import Durable

@Suite struct FenceTests {
    @Test
    func `the fence lets a live executor pass, and refuses an old epoch, a stranger and another start of the server`()
        async throws
    {
        try await withTestDatabase { database in
            let session = try await FenceSession(database)
            let number = try await session.register()
            try await session.fence(number)
            try await session.fence(number, strict: true)
            for strict in [false, true] {
                let name = strict ? "fence_strict" : "fence"
                await expectRefusal("DU001", "executor \(number) was superseded: epoch 2 is over") {
                    try await session.fence(number, epoch: 2, strict: strict)
                }
                await expectRefusal("DU001", "executor 99 was superseded") {
                    try await session.fence(99, strict: strict)
                }
                await expectRefusal("DU003", "executor \(number) registered with another start of the server") {
                    try await session.run("SELECT durable.\(name)(\(number), 1, durable.incarnation() - 1)::text")
                }
            }
        }
    }

    @Test func `the incarnation is the server's start in microseconds since 2000`() async throws {
        try await withTestDatabase { database in
            let sql = """
                SELECT (timestamptz '2000-01-01 00:00:00+00' + durable.incarnation() * interval '1 microsecond'
                    = pg_postmaster_start_time())::text
                """
            let isEqual = try await database.rows(sql)
            #expect(isEqual == ["true"])
        }
    }

    @Test func `under higher isolation levels and in read-only transactions the fence refuses in words`() async throws {
        try await withTestDatabase { database in
            let session = try await FenceSession(database)
            let number = try await session.register()
            for level in ["REPEATABLE READ", "SERIALIZABLE"] {
                try await session.run("BEGIN ISOLATION LEVEL \(level)")
                await expectRefusal("DU002", "durable.fence needs READ COMMITTED, and this transaction is \(level)") {
                    try await session.fence(number)
                }
                try await session.run("ROLLBACK")
                try await session.run("BEGIN ISOLATION LEVEL \(level)")
                try await session.fence(number, strict: true)
                try await session.run("COMMIT")
            }
            for strict in [false, true] {
                try await session.run("BEGIN READ ONLY")
                await expectRefusal("DU002", "this one is read only") {
                    try await session.fence(number, strict: strict)
                }
                try await session.run("ROLLBACK")
            }
        }
    }

    @Test func `the fence turns synchronous commit on for its transaction, and leaves a stronger setting alone`()
        async throws
    {
        try await withTestDatabase { database in
            let session = try await FenceSession(database)
            let number = try await session.register()
            for (before, after) in [("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")] {
                try await session.run("SET synchronous_commit = \(before)")
                for strict in [false, true] {
                    try await session.run("BEGIN")
                    try await session.fence(number, strict: strict)
                    #expect(try await session.run("SHOW synchronous_commit") == after)
                    try await session.run("ROLLBACK")
                    #expect(try await session.run("SHOW synchronous_commit") == before)
                }
            }
        }
    }

    @Test(arguments: ["durable", "Mein \"Schema\""])
    func `a zombie that waits for the fence behind its own takeover is refused when it wakes`(schema: String)
        async throws
    {
        try await withTestDatabase { database in
            let schema = try SchemaName(schema)
            try await SchemaMigrator(schema: schema).prepare(database.configuration)
            let heir = try await FenceSession(database, schema: schema)
            let zombie = try await FenceSession(database, schema: schema)
            let observer = try await FenceSession(database)
            let number = try await heir.register(lease: "-1 seconds", period: "0 seconds")

            try await heir.run("BEGIN")
            #expect(try await heir.run("SELECT durable.take_over(\(number))::text") == "true")
            // The zombie began its wait, and took its snapshot, before the new epoch is committed.
            try await zombie.run("BEGIN")
            let fenced = Task { try await zombie.fence(number) }
            try await zombie.isWaiting(seenFrom: observer)
            try await heir.run("COMMIT")
            await expectRefusal("DU001", "executor \(number) was superseded: epoch 1 is over") {
                try await fenced.value
            }
            try await zombie.run("ROLLBACK")
        }
    }

    @Test func `a lone checkpoint that waits for the fence behind its own takeover is refused, and leaves no row`()
        async throws
    {
        try await withTestDatabase { database in
            let heir = try await FenceSession(database)
            let zombie = try await FenceSession(database)
            let observer = try await FenceSession(database)
            let number = try await heir.register(lease: "-1 seconds", period: "0 seconds")
            let server = try #require(Int64(try await heir.run("SELECT durable.incarnation()::text")))
            let executor = ExecutorIdentity(id: UUID(), number: number, epoch: 1, server: server, name: "x")
            let encoder = BatchEncoder(statements: JournalStatements(schema: .standard))
            let checkpoint = { (workflow: String) in
                let lane = RunLane(workflow: workflow, token: 1, executor: executor)
                let entry = WriteEntry(lane: lane, row: .record(.row(0, "s")))
                return encoder.encode([entry], as: executor, isExplicit: false).pipeline
            }
            try await zombie.connection.run(checkpoint("before"))

            try await heir.run("BEGIN")
            #expect(try await heir.run("SELECT durable.take_over(\(number))::text") == "true")
            let late = Task { try await zombie.connection.run(checkpoint("late")) }
            try await zombie.isWaiting(seenFrom: observer)
            try await heir.run("COMMIT")
            await expectRefusal("DU001", "executor \(number) was superseded: epoch 1 is over") {
                _ = try await late.value
            }
            #expect(try await database.rows("SELECT workflow_id FROM durable.journal") == ["before"])
        }
    }

    @Test(arguments: ["REPEATABLE READ", "SERIALIZABLE"])
    func `the strict fence refuses a zombie whose snapshot still shows its old epoch`(level: String) async throws {
        try await withTestDatabase { database in
            let heir = try await FenceSession(database)
            let zombie = try await FenceSession(database)
            let observer = try await FenceSession(database)
            let number = try await heir.register(lease: "-1 seconds", period: "0 seconds")

            try await zombie.run("BEGIN ISOLATION LEVEL \(level)")
            #expect(try await zombie.run("SELECT epoch::text FROM durable.executor WHERE number = \(number)") == "1")
            try await heir.run("BEGIN")
            #expect(try await heir.run("SELECT durable.take_over(\(number))::text") == "true")
            let fenced = Task { try await zombie.fence(number, strict: true) }
            try await zombie.isWaiting(seenFrom: observer)
            try await heir.run("COMMIT")
            await expectRefusal("DU001", "executor \(number) was superseded: epoch 1 is over") {
                try await fenced.value
            }
            try await zombie.run("ROLLBACK")
        }
    }

    @Test func `an open transaction holds up the takeover, and one that stalls is terminated once the lease is over`()
        async throws
    {
        try await withTestDatabase { database in
            let heir = try await FenceSession(database)
            let stalled = try await FenceSession(database)
            let number = try await heir.register(lease: "1 hour")
            let neighbour = try await heir.register(lease: "1 hour")
            let innocent = try await FenceSession(database)
            try await stalled.run("BEGIN")
            try await stalled.fence(number)
            try await innocent.run("BEGIN")
            try await innocent.fence(neighbour)

            #expect(try await heir.run("SELECT durable.terminate_holders(\(number))::text") == "0")
            try await heir.run(
                "UPDATE durable.lease SET expires_at = durable.clock() - interval '1 s', period = '0' WHERE executor = \(number)"
            )

            try await heir.run("BEGIN")
            try await heir.run("SET LOCAL lock_timeout = '50ms'")
            await expectRefusal("55P03", "lock timeout") {
                try await heir.run("SELECT durable.take_over(\(number))::text")
            }
            try await heir.run("ROLLBACK")

            #expect(try await heir.run("SELECT durable.terminate_holders(\(number))::text") == "1")
            #expect(try await heir.run("SELECT durable.take_over(\(number))::text") == "true")
            #expect(try await heir.run("SELECT epoch::text FROM durable.executor WHERE number = \(number)") == "2")
            let lost = await #expect(throws: PostgresError.self) { try await stalled.run("COMMIT") }
            #expect(lost?.isConnectionLost == true || lost?.sqlState == "57P01")
            try await innocent.run("COMMIT")
        }
    }

    @Test func `a takeover refuses while the lease is valid, and is done once`() async throws {
        try await withTestDatabase { database in
            let session = try await FenceSession(database)
            let number = try await session.register(lease: "1 hour", period: "1 hour")
            #expect(try await session.run("SELECT durable.lease_is_over(\(number))::text") == "false")
            #expect(try await session.run("SELECT durable.take_over(\(number))::text") == "false")
            try await session.fence(number)

            try await session.run("SET durable.clock_shift = '50 minutes'")
            #expect(try await session.run("SELECT durable.take_over(\(number))::text") == "false")
            try await session.run("SET durable.clock_shift = '61 minutes'")
            #expect(try await session.run("SELECT durable.take_over(\(number))::text") == "true")
            #expect(try await session.run("SELECT durable.take_over(\(number))::text") == "true")
            #expect(try await session.run("SELECT epoch::text FROM durable.executor WHERE number = \(number)") == "2")
            #expect(try await session.run("SELECT count(*)::text FROM durable.lease") == "0")
        }
    }

    @Test func `a released lease and a process that is proved gone are taken over at once`() async throws {
        try await withTestDatabase { database in
            let session = try await FenceSession(database)
            let released = try await session.register()
            try await session.run("DELETE FROM durable.lease WHERE executor = \(released)")
            #expect(try await session.run("SELECT durable.take_over(\(released))::text") == "true")
            let gone = try await session.register()
            #expect(try await session.run("SELECT durable.take_over(\(gone), gone => true)::text") == "true")
        }
    }

    @Test(arguments: ["fence", "fence_strict"])
    func `after a recovery of the server nobody who registered before it writes, and leases begin anew`(
        fence: String
    ) async throws {
        try await withTestDatabase { database in
            let session = try await FenceSession(database)
            let number = try await session.register(lease: "-1 hour", period: "1 hour")
            try await session.run("UPDATE durable.server SET since = since - interval '1 day'")
            let call =
                "SELECT durable.\(fence)(\(number), 1, \(try await session.run("SELECT durable.incarnation()::text")))"
            try await session.run(call)
            // What is not logged is emptied by a recovery.
            try await session.run("TRUNCATE durable.server_life")
            for _ in 1...2 {
                let refused = await #expect(throws: PostgresError.self) { try await session.run(call) }
                #expect(refused?.sqlState == "DU003")
                #expect(refused?.message == "executor \(number) registered with another start of the server")
                // From here on the server is known again, and is another one all the same.
                #expect(try await session.run("SELECT durable.lease_is_over(\(number))::text") == "false")
            }
        }
    }

    @Test func `after a restart of the server no lease is over before one period has passed`() async throws {
        try await withTestDatabase { database in
            let session = try await FenceSession(database)
            let number = try await session.register(lease: "-1 hour", period: "1 hour")
            // The server was last seen at another start, and long ago: nobody could renew meanwhile.
            try await session.run(
                "UPDATE durable.server SET started_at = started_at - interval '1 day', since = since - interval '1 day'"
            )
            #expect(try await session.run("SELECT durable.lease_is_over(\(number))::text") == "false")
            #expect(
                try await session.run("SELECT (started_at = pg_postmaster_start_time())::text FROM durable.server")
                    == "true"
            )
            #expect(try await session.run("SELECT durable.take_over(\(number))::text") == "false")
            try await session.run("SET durable.clock_shift = '61 minutes'")
            #expect(try await session.run("SELECT durable.lease_is_over(\(number))::text") == "true")
            #expect(try await session.run("SELECT durable.take_over(\(number))::text") == "true")
        }
    }

    @Test func `executors of two schemas in one database do not share a lock`() async throws {
        try await withTestDatabase { database in
            let schema = try SchemaName("other")
            try await SchemaMigrator(schema: schema).prepare(database.configuration)
            let here = try await FenceSession(database)
            let there = try await FenceSession(database, schema: schema)
            #expect(try await here.register() == there.register(lease: "-1 seconds", period: "0 seconds"))
            try await here.run("BEGIN")
            try await here.fence(1)
            try await there.run("SET lock_timeout = '2s'")
            #expect(try await there.run("SELECT durable.terminate_holders(1)::text") == "0")
            #expect(try await there.run("SELECT durable.take_over(1)::text") == "true")
            try await here.run("COMMIT")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import TemporaryPostgres
import Testing

@testable import Durable

/// A fence that a session holds: `durable.hold_fence`.
@Suite struct HeldFenceTests {
    @Test func `a session holds the fence beyond its transactions, and no other session counts as holding it`()
        async throws
    {
        try await withTestDatabase { database in
            let session = try await FenceSession(database)
            let number = try await session.register()
            let proof = try await session.hold(number)
            #expect(try await session.run(Self.setting) == proof)
            let other = try await FenceSession(database)
            #expect(try await other.run("SELECT coalesce(current_setting('durable.held_fence', true), '-')") == "-")
            #expect(try await other.run(Self.holders) == "\(session.connection.backendPID)")
        }
    }

    @Test func `what the fence refuses is not held either`() async throws {
        try await withTestDatabase { database in
            let session = try await FenceSession(database)
            let number = try await session.register()
            await expectRefusal("DU001", "executor \(number) was superseded: epoch 2 is over") {
                try await session.hold(number, epoch: 2)
            }
            await expectRefusal("DU001", "executor 99 was superseded") { try await session.hold(99) }
            await expectRefusal("DU003", "executor \(number) registered with another start of the server") {
                try await session.run(
                    "SELECT durable.hold_fence(\(number), 1, durable.incarnation() - 1, pg_backend_pid())"
                )
            }
            #expect(try await session.run(Self.holders) == "")
            #expect(try await session.run("SELECT coalesce(current_setting('durable.held_fence', true), '')") == "")
        }
    }

    @Test func `a session that a pooler shares, or whose commits do not wait for the disk, holds nothing`() async throws
    {
        try await withTestDatabase { database in
            let session = try await FenceSession(database)
            let number = try await session.register()
            #expect(
                try await session.run(
                    "SELECT (durable.hold_fence(\(number), 1, durable.incarnation(), pg_backend_pid() + 1) IS NULL)::text"
                ) == "true"
            )
            for setting in ["off", "local"] {
                try await session.run("SET synchronous_commit = \(setting)")
                #expect(try await session.hold(number) == "")
            }
            #expect(try await session.run(Self.holders) == "")
        }
    }

    @Test(arguments: ["durable", "Mein \"Schema\""])
    func `a takeover waits for the session that holds the fence, and ends it once the lease is over`(schema: String)
        async throws
    {
        try await withTestDatabase { database in
            let schema = try SchemaName(schema)
            try await SchemaMigrator(schema: schema).prepare(database.configuration)
            let heir = try await FenceSession(database, schema: schema)
            let idle = try await FenceSession(database, schema: schema)
            let number = try await heir.register(lease: "1 hour")
            try await idle.hold(number)
            #expect(try await heir.run("SELECT durable.terminate_holders(\(number))::text") == "0", "it lives")

            try await heir.run(
                "UPDATE durable.lease SET expires_at = durable.clock() - interval '1 s', period = '0' WHERE executor = \(number)"
            )
            try await heir.run("SET lock_timeout = '50ms'")
            await expectRefusal("55P03", "lock timeout") {
                try await heir.run("SELECT durable.take_over(\(number))::text")
            }
            #expect(try await heir.run("SELECT durable.terminate_holders(\(number))::text") == "1")
            try await heir.run("SET lock_timeout = 0")
            #expect(try await heir.run("SELECT durable.take_over(\(number))::text") == "true")
            let lost = await #expect(throws: PostgresError.self) { try await idle.run("SELECT 'x'") }
            #expect(lost?.isConnectionLost == true || lost?.sqlState == "57P01")
        }
    }

    @Test func `a takeover of a process that is said to be gone ends the sessions that hold its fence`() async throws {
        try await withTestDatabase { database in
            let heir = try await FenceSession(database)
            let idle = try await FenceSession(database)
            let number = try await heir.register(lease: "1 hour")
            try await idle.hold(number)
            try await heir.run("SET lock_timeout = '7s'")
            #expect(try await heir.run("SELECT durable.take_over(\(number), gone => true)::text") == "true")
            #expect(try await heir.run("SHOW lock_timeout") == "7s")
            let lost = await #expect(throws: PostgresError.self) { try await idle.run("SELECT 'x'") }
            #expect(lost?.isConnectionLost == true || lost?.sqlState == "57P01")
        }
    }

    @Test func `a takeover of a process that is said to be gone tells of sessions that do not end`() async throws {
        try await withTestDatabase { database in
            let heir = try await FenceSession(database)
            let wedged = try await FenceSession(database)
            let number = try await heir.register(lease: "1 hour")
            try await wedged.hold(number)
            let backend = StoppedBackend(in: database)
            defer { backend.goOn() }
            let pid = try #require(Int32(try await heir.run(Self.holders)))
            try await backend.stop(pid)
            await expectRefusal(
                "55P03",
                "executor \(number) could not be declared dead: its sessions do not end"
            ) {
                try await heir.run("SELECT durable.take_over(\(number), gone => true)::text")
            }
            #expect(try await heir.run("SELECT epoch::text FROM durable.executor WHERE number = \(number)") == "1")
        }
    }

    @Test func `a zombie that asks to hold the fence behind its own takeover is refused when it wakes`() async throws {
        try await withTestDatabase { database in
            let heir = try await FenceSession(database)
            let zombie = try await FenceSession(database)
            let observer = try await FenceSession(database)
            let number = try await heir.register(lease: "-1 seconds", period: "0 seconds")
            try await heir.run("BEGIN")
            #expect(try await heir.run("SELECT durable.take_over(\(number))::text") == "true")
            let late = Task { try await zombie.hold(number) }
            try await zombie.isWaiting(seenFrom: observer)
            try await heir.run("COMMIT")
            await expectRefusal("DU001", "executor \(number) was superseded: epoch 1 is over") {
                _ = try await late.value
            }
            #expect(try await observer.run(Self.holders) == "")
        }
    }

    // MARK: - Transactions in a session that holds it

    @Test func `a transaction in a session that holds the fence looks at no epoch, and holds up a takeover`()
        async throws
    {
        try await withTestDatabase { database in
            let session = try await FenceSession(database)
            let heir = try await FenceSession(database)
            let number = try await session.register(lease: "-1 seconds", period: "0 seconds")
            let proof = try await session.hold(number)
            try await session.run("BEGIN")
            #expect(try await session.run("SELECT durable.reenter_fence(\(number), '\(proof)')::text") == "true")
            // Whatever the body gives up: this transaction's lock stays.
            try await session.run("SELECT pg_advisory_unlock_all()")
            try await heir.run("SET lock_timeout = '50ms'")
            await expectRefusal("55P03", "lock timeout") {
                try await heir.run("SELECT durable.take_over(\(number))::text")
            }
            try await session.run("COMMIT")
            #expect(try await heir.run("SELECT durable.take_over(\(number))::text") == "true")
            // And the next one sees that it is gone.
            #expect(try await session.run("SELECT durable.reenter_fence(\(number), '\(proof)')::text") == "false")
            await expectRefusal("DU001", "executor \(number) was superseded: epoch 1 is over") {
                try await session.reenter(number, proof)
            }
        }
    }

    @Test func `a session that gave up its locks waits behind its own takeover, and is refused when it wakes`()
        async throws
    {
        try await withTestDatabase { database in
            let heir = try await FenceSession(database)
            let zombie = try await FenceSession(database)
            let observer = try await FenceSession(database)
            let number = try await heir.register(lease: "-1 seconds", period: "0 seconds")
            let proof = try await zombie.hold(number)
            try await zombie.reenter(number, proof)
            try await zombie.run("SELECT pg_advisory_unlock_all()")
            try await heir.run("BEGIN")
            #expect(try await heir.run("SELECT durable.take_over(\(number))::text") == "true")
            let late = Task { try await zombie.reenter(number, proof) }
            try await zombie.isWaiting(seenFrom: observer)
            try await heir.run("COMMIT")
            await expectRefusal("DU001", "executor \(number) was superseded: epoch 1 is over") { try await late.value }
        }
    }

    @Test func `a session that was told not to wait for the disk enters through the fence, which has it wait`()
        async throws
    {
        try await withTestDatabase { database in
            let session = try await FenceSession(database)
            let number = try await session.register()
            let proof = try await session.hold(number)
            try await session.run("SET synchronous_commit = off")
            #expect(try await session.run("SELECT durable.reenter_fence(\(number), '\(proof)')::text") == "false")
            try await session.run("BEGIN")
            try await session.reenter(number, proof)
            #expect(try await session.run("SHOW synchronous_commit") == "on")
            try await session.run("COMMIT")
            let other = try await FenceSession(database)
            #expect(try await other.run("SELECT durable.reenter_fence(\(number), '\(proof)')::text") == "false")
        }
    }

    private static let setting = "SELECT current_setting('durable.held_fence')"

    private static let holders = """
        SELECT pid::text FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 2 AND classid = 'durable.executor'::regclass
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """
}

extension FenceSession {
    @discardableResult
    fileprivate func hold(_ executor: Int32, epoch: Int = 1) async throws -> String {
        try await self.run(
            "SELECT coalesce(durable.hold_fence(\(executor), \(epoch), durable.incarnation(), pg_backend_pid()), '')"
        )
    }

    /// As a transaction step opens its transaction.
    fileprivate func reenter(_ executor: Int32, _ proof: String) async throws {
        try await self.run(
            """
            SELECT (CASE WHEN durable.reenter_fence(\(executor), '\(proof)') THEN NULL
                    ELSE durable.fence(\(executor), 1, durable.incarnation()) END)::text
            """
        )
    }
}

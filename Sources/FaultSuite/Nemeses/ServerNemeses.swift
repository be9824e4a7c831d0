// SPDX-License-Identifier: Apache-2.0

import Foundation
import TemporaryPostgres

/// Some sessions of the workers are ended.
struct TerminateBackends: Nemesis {
    func strike(_ arena: Arena, _ random: inout SplitMix) async throws -> Strike? {
        try await Sessions.terminate(arena, "application_name <> 'durable-faults-suite'", atMost: random.pick(1...6))
    }
}

/// The sessions that listen are ended.
struct DropListen: Nemesis {
    func strike(_ arena: Arena, _ random: inout SplitMix) async throws -> Strike? {
        try await Sessions.terminate(arena, "query ILIKE 'LISTEN%'", atMost: 10)
    }
}

/// Sessions of the workers, as the server sees them.
enum Sessions {
    static func terminate(_ arena: Arena, _ condition: String, atMost limit: Int) async throws -> Strike? {
        guard arena.holdServer() else { return nil }
        defer { arena.releaseServer() }
        let count = try await arena.primary.administer(
            """
            SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM (
                SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'durable-faults-%' AND \(condition)
                ORDER BY random() LIMIT \(limit)
            ) AS chosen
            """
        )
        return (Int(count.prefix { $0.isNumber }) ?? 0) > 0 ? Strike() : nil
    }
}

/// A process of the server is killed, as by a machine without memory: the server ends all the others, and recovers.
///
/// Its start stays what it was; commits that did not wait for the disk are lost.
struct KillBackend: Nemesis {
    func strike(_ arena: Arena, _ random: inout SplitMix) async throws -> Strike? {
        guard arena.holdServer() else { return nil }
        defer { arena.releaseServer() }
        let server = arena.primary
        let chosen = try await server.administer(
            """
            SELECT pid FROM pg_stat_activity
            WHERE application_name LIKE 'durable-faults-%' AND application_name <> 'durable-faults-suite'
            ORDER BY random() LIMIT 1
            """
        )
        guard let pid = pid_t(chosen.prefix { $0.isNumber }), kill(pid, SIGKILL) == 0 else { return nil }
        try await Deadline.wait("the server has recovered", within: .seconds(60), every: .milliseconds(20)) {
            // While the killed one is still to be reaped the server has noticed nothing, and answers as before.
            guard kill(pid, 0) != 0 else { return false }
            return (try? await server.administer("SELECT 1")) != nil
        }
        return Strike()
    }
}

/// The server is stopped, in order or as by a power cut, and started again.
struct Restart: Nemesis {
    let mode: TemporaryPostgres.StopMode

    func strike(_ arena: Arena, _ random: inout SplitMix) async throws -> Strike? {
        guard arena.holdServer() else { return nil }
        let server = arena.primary
        try await server.shutdown(mode: self.mode)
        return Strike(lasts: .milliseconds(random.pick(0...800))) {
            try await server.startAgain()
            arena.releaseServer()
        }
    }
}

/// The server answers for a while, and refuses every write.
struct ReadOnlyPeriod: Nemesis {
    func strike(_ arena: Arena, _ random: inout SplitMix) async throws -> Strike? {
        guard arena.holdServer() else { return nil }
        let server = arena.primary
        try await server.makeReadOnly()
        return Strike(lasts: .milliseconds(random.pick(200...2_000))) {
            try await server.promote()
            arena.releaseServer()
        }
    }
}

/// Something else takes all of the server's disk, or nearly all, and gives it back.
///
/// Where a table or an index cannot grow a transaction fails; where the log cannot, the server dies, and cannot start.
struct FullDisk: Nemesis {
    func strike(_ arena: Arena, _ random: inout SplitMix) async throws -> Strike? {
        guard arena.holdServer() else { return nil }
        let server = arena.primary
        try await server.fillDisk(leaving: random.chance(50) ? 0 : random.pick(16...1_024))
        return Strike(lasts: .milliseconds(random.pick(300...2_500))) {
            try await Deadline.wait("the server works again", within: .seconds(120), every: .milliseconds(50)) {
                // One that has just died of it is found by the next look.
                guard (try? await server.emptyDisk()) != nil else { return false }
                return (try? await server.administer("SELECT 1")) != nil
            }
            arena.releaseServer()
        }
    }
}

/// The primary dies, and its synchronous standby takes over; then it comes back as the standby of the other.
struct Failover: Nemesis {
    func strike(_ arena: Arena, _ random: inout SplitMix) async throws -> Strike? {
        guard let standby = arena.standby, arena.holdServer() else { return nil }
        let primary = arena.primary
        try await primary.shutdown(mode: .immediate)
        try await standby.promote()
        arena.swapPrimary()
        try await Replication.makeAlone(standby)
        return Strike(lasts: .milliseconds(random.pick(100...1_000))) {
            try await primary.follow(standby)
            try await Replication.makeSynchronous(standby)
            arena.releaseServer()
        }
    }
}

/// The server loses what came since a backup of seconds before, under the workers.
struct Restore: Nemesis {
    func strike(_ arena: Arena, _ random: inout SplitMix) async throws -> Strike? {
        guard arena.holdServer() else { return nil }
        defer { arena.releaseServer() }
        try await arena.primary.backUp()
        try await Task.sleep(for: .milliseconds(random.pick(300...2_500)))
        try await arena.losePast { try await arena.primary.restore() }
        return Strike()
    }
}

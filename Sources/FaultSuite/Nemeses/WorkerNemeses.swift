// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A worker dies at once, and another one comes.
struct Kill: Nemesis {
    func strike(_ arena: Arena, _ random: inout SplitMix) async throws -> Strike? {
        guard let (place, _) = arena.fleet.hold(&random) else { return nil }
        defer { arena.fleet.release(place) }
        try await arena.fleet.replace(place, by: SIGKILL)
        return Strike()
    }
}

/// A worker is asked to leave, and another one comes.
struct Drain: Nemesis {
    func strike(_ arena: Arena, _ random: inout SplitMix) async throws -> Strike? {
        guard let (place, _) = arena.fleet.hold(&random) else { return nil }
        defer { arena.fleet.release(place) }
        try await arena.fleet.replace(place, by: SIGTERM)
        return Strike()
    }
}

/// A worker stands still for longer than its lease, and goes on.
struct Stop: Nemesis {
    func strike(_ arena: Arena, _ random: inout SplitMix) async throws -> Strike? {
        guard let (place, process) = arena.fleet.hold(&random) else { return nil }
        process.send(SIGSTOP)
        return Strike(lasts: WorkerOptions.lease + .milliseconds(random.pick(100...2_000))) {
            process.send(SIGCONT)
            arena.fleet.release(place)
        }
    }
}

/// A worker leaves, in order or not, and one of another kind comes.
struct Redeploy: Nemesis {
    enum Change: Sendable {
        case oneConnection
        case otherVersion
        case clockOff
    }

    let change: Change

    func strike(_ arena: Arena, _ random: inout SplitMix) async throws -> Strike? {
        // The first place stays with code that can run everything.
        let change = self.change
        guard let (place, process) = arena.fleet.hold(&random, where: { change != .otherVersion || $0.index > 0 })
        else {
            return nil
        }
        defer { arena.fleet.release(place) }
        var options = arena.fleet.options(place)
        switch change {
        case .oneConnection: options.hasOneConnection = !process.options.hasOneConnection
        case .otherVersion: options.version = process.options.version == 1 ? 2 : 1
        case .clockOff: options.shift = process.options.shift == 0 ? (random.chance(50) ? 600 : -600) : 0
        }
        try await arena.fleet.replace(place, by: random.chance(50) ? SIGTERM : SIGKILL, options)
        return Strike()
    }
}

/// PgBouncer dies, with every session through it, and comes back.
struct KillBouncer: Nemesis {
    func strike(_ arena: Arena, _ random: inout SplitMix) async throws -> Strike? {
        guard let bouncer = arena.bouncer else { return nil }
        await bouncer.stop()
        return Strike(lasts: .milliseconds(random.pick(0...500))) { try await bouncer.launch() }
    }
}

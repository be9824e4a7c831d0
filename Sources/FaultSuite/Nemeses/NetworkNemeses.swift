// SPDX-License-Identifier: Apache-2.0

/// Everything is late for a while.
struct Delay: Nemesis {
    func strike(_ arena: Arena, _ random: inout SplitMix) async throws -> Strike? {
        guard let proxy = arena.proxy else { return nil }
        proxy.set(.slow(milliseconds: random.pick(5...150)))
        return Strike(lasts: .milliseconds(random.pick(200...1_200))) { proxy.set(.fair) }
    }
}

/// Nothing passes for a while, and nobody is told; then it passes, or the connections turn out to be gone.
struct BlackHole: Nemesis {
    func strike(_ arena: Arena, _ random: inout SplitMix) async throws -> Strike? {
        guard let proxy = arena.proxy else { return nil }
        proxy.set(.blackHole)
        let isCut = random.chance(50)
        return Strike(lasts: .milliseconds(random.pick(300...3_000))) {
            if isCut { proxy.closeAll() }
            proxy.set(.fair)
        }
    }
}

/// One connection is cut, in the middle of a statement, or between a commit and its reply.
struct CutConnections: Nemesis {
    /// At what it is cut, one of these at a time.
    let cuts: [LoopbackProxy.Cut]

    func strike(_ arena: Arena, _ random: inout SplitMix) async throws -> Strike? {
        guard let proxy = arena.proxy else { return nil }
        let cut = self.cuts[random.pick(0...(self.cuts.count - 1))]
        let before = proxy.made(cut)
        proxy.arm(cut)
        // Half the time whoever was cut off comes back late, and finds that others have gone on; who gave something back always.
        let isLate = cut == .afterRelease || random.chance(50)
        let late = Duration.milliseconds(random.pick(200...1_200))
        do {
            try await Deadline.wait("something is cut", within: .seconds(2)) { proxy.made(cut) > before }
        } catch is Deadline.Passed {
            proxy.disarm(cut)
            return nil
        }
        if isLate { proxy.shutDoor(for: late) }
        return Strike()
    }
}

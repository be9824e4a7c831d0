// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Libpq

struct PoolMachineTests {
    private var machine = PoolMachine(Self.options)

    private static let options: PostgresPoolOptions = {
        var options = PostgresPoolOptions(minimum: 0, maximum: 2)
        options.idleTimeout = .nanoseconds(1_000)
        options.backOff = .nanoseconds(100)
        options.maximumBackOff = .nanoseconds(300)
        return options
    }()

    private mutating func acquire(_ waiter: Int, now: Int64 = 0) -> [PoolMachine.Action] {
        self.machine.acquire(waiter, now: now) { _ in true }
    }

    @Test mutating func `connections are opened up to the maximum and then shared in the order of asking`() {
        #expect(self.acquire(1) == [.connect])
        #expect(self.acquire(2) == [.connect])
        #expect(self.acquire(3) == [])
        #expect(self.acquire(4) == [])
        #expect(self.machine.connected(10, now: 1) == [.lease(connection: 10, waiter: 1)])
        #expect(self.machine.connected(11, now: 1) == [.lease(connection: 11, waiter: 2)])
        #expect(self.machine.released(11, isUsable: true, now: 2) == [.lease(connection: 11, waiter: 3)])
        #expect(self.machine.released(10, isUsable: true, now: 2) == [.lease(connection: 10, waiter: 4)])
        #expect(self.machine.leasedCount == 2)
    }

    @Test mutating func `a broken connection is replaced for whoever waits`() {
        #expect(self.acquire(1) == [.connect])
        _ = self.machine.connected(10, now: 0)
        _ = self.acquire(2)
        _ = self.machine.connected(11, now: 0)
        _ = self.acquire(3)
        #expect(self.machine.released(10, isUsable: false, now: 0) == [.close(connection: 10), .connect])
        #expect(self.machine.connected(12, now: 0) == [.lease(connection: 12, waiter: 3)])
    }

    @Test mutating func `an idle connection that died is closed and another is opened`() {
        _ = self.acquire(1)
        _ = self.machine.connected(10, now: 0)
        _ = self.machine.released(10, isUsable: true, now: 0)
        #expect(self.machine.acquire(2, now: 0) { _ in false } == [.close(connection: 10), .connect])
    }

    @Test mutating func `attempts back off, double their pause up to the longest, and start afresh after a success`() {
        #expect(self.acquire(1) == [.connect])
        #expect(self.machine.connectFailed(isFinal: false, now: 0, chance: 1) == [.retry(at: 100)])
        #expect(self.acquire(2) == [])
        #expect(self.machine.retry() == [.connect])
        #expect(self.machine.connectFailed(isFinal: false, now: 1_000, chance: 0) == [.retry(at: 1_100)])
        #expect(self.machine.retry() == [.connect])
        #expect(self.machine.connectFailed(isFinal: false, now: 2_000, chance: 1) == [.retry(at: 2_300)])
        #expect(self.machine.retry() == [.connect])
        #expect(self.machine.connected(10, now: 3_000) == [.lease(connection: 10, waiter: 1), .connect])
        #expect(self.machine.connectFailed(isFinal: false, now: 4_000, chance: 1) == [.retry(at: 4_100)])
    }

    @Test mutating func `a reason that time will not change is told at once`() {
        #expect(self.acquire(1) == [.connect])
        #expect(
            self.machine.connectFailed(isFinal: true, now: 0, chance: 1)
                == [.fail(waiter: 1, .refused), .retry(at: 100)]
        )
    }

    @Test mutating func `a waiter whose time is over says how things stand`() {
        _ = self.acquire(1)
        _ = self.acquire(2)
        _ = self.machine.connected(10, now: 0)
        _ = self.machine.connected(11, now: 0)
        _ = self.acquire(3, now: 5)
        _ = self.acquire(4, now: 6)
        #expect(
            self.machine.timedOut(3, now: 25)
                == [.fail(waiter: 3, .timeout(waited: 20, leased: 2, maximum: 2, waiting: 1))]
        )
        #expect(self.machine.timedOut(3, now: 25) == [])
        #expect(self.machine.cancelled(4) == [.fail(waiter: 4, .cancelled)])
        #expect(self.machine.waitingCount == 0)
        #expect(self.machine.released(10, isUsable: true, now: 30) == [.trim(at: 1_030)])
    }

    @Test mutating func `what lies idle too long is closed, oldest first`() {
        _ = self.acquire(1)
        _ = self.acquire(2)
        _ = self.machine.connected(10, now: 0)
        _ = self.machine.connected(11, now: 0)
        #expect(self.machine.released(10, isUsable: true, now: 100) == [.trim(at: 1_100)])
        #expect(self.machine.released(11, isUsable: true, now: 500) == [])
        #expect(self.machine.trim(now: 1_100) == [.close(connection: 10), .trim(at: 1_500)])
        #expect(self.acquire(3) == [.lease(connection: 11, waiter: 3)])
        #expect(self.machine.trim(now: 1_500) == [])
    }

    @Test func `a minimum is opened at the start and kept`() {
        var options = Self.options
        options.minimum = 2
        var machine = PoolMachine(options)
        #expect(machine.start() == [.connect, .connect])
        _ = machine.connected(10, now: 0)
        #expect(machine.connected(11, now: 0) == [])
        #expect(machine.trim(now: 10_000) == [])
        #expect(machine.idleCount == 2)
        #expect(machine.acquire(1, now: 0) { _ in false }.filter { $0 == .connect }.count == 2)
    }

    @Test mutating func `a shutdown fails the waiting and closes what comes back`() {
        _ = self.acquire(1)
        _ = self.machine.connected(10, now: 0)
        _ = self.acquire(2)
        _ = self.acquire(3)
        #expect(self.machine.shutdown() == [.fail(waiter: 2, .shutdown), .fail(waiter: 3, .shutdown)])
        #expect(self.machine.connected(11, now: 0) == [.close(connection: 11)])
        #expect(self.machine.released(10, isUsable: true, now: 0) == [.close(connection: 10)])
        #expect(self.acquire(4) == [.fail(waiter: 4, .shutdown)])
    }
}

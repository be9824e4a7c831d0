// SPDX-License-Identifier: Apache-2.0

import Durable
#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif
import Libpq
import Synchronization

/// The time of a test database, which a test moves: a workflow that sleeps for three days ends at once.
///
/// It moves everything that goes by the database's clock, together and in order: sleeps, the pauses between attempts,
/// deadlines, and the leases of engines that have died. Engines that are alive keep their leases, as if they had renewed them
/// all the time. Between two moves time passes as it always does. What measures real time (the timeout of one attempt, a
/// step's own `Task.sleep`) is not moved.
///
/// ```swift
/// try await withTestEngine([Reminder(mailer: mailer)]) { test in
///     try await test.start(Reminder.self, order, id: "reminder-1")
///     try await test.wait(for: .waiting, of: "reminder-1")
///     try await test.clock.advance(by: .seconds(3 * 86_400))
///     try await test.result(of: Reminder.self, "reminder-1")
///     #expect(mailer.sent == ["reminder-1"])
/// }
/// ```
public final class VirtualClock: Sendable {
    /// Who moves time.
    public enum Mode: Sendable, Hashable {
        /// The test, with ``VirtualClock/advance(by:)``.
        case byHand
        /// The clock itself: whenever every workflow waits, it moves to the next time that one of them waits for.
        case skipping
    }

    let shift = ClockShift()
    private let database: PostgresConfiguration
    private let statements: ClockStatements
    private let standIns: StandIns
    private let lock = AsyncLock()
    private let engines = Mutex<[DurableEngine]>([])
    private let connection = Mutex<PostgresConnection?>(nil)

    /// After so long without any sign of progress, what still runs no longer keeps time from moving.
    private static let patience = Duration.seconds(2)

    init(database: PostgresConfiguration, schema: SchemaName, standIns: StandIns) {
        self.database = database
        self.statements = ClockStatements(schema: schema)
        self.standIns = standIns
    }

    /// The database's time now.
    public var now: Date {
        get async throws { DatabaseTime.date(try await self.look().now) }
    }

    /// Moves time ahead, stopping at each time that a workflow waits for, so that everything happens in order and at its time.
    ///
    /// At each stop it waits until the workflows that went on wait again or have ended. A step that makes no progress for two
    /// seconds of real time is not waited for any longer.
    ///
    /// - Parameter duration: How far; not negative.
    /// - Throws: ``TestFailure`` for a negative duration; what the database says.
    public func advance(by duration: Duration) async throws {
        guard duration >= .zero else { throw TestFailure("time does not go back: advance(by: \(duration))") }
        var sight = try await self.settled()
        let target = DatabaseTime.adding(duration, to: sight.now)
        while let next = sight.next, next <= target {
            try await self.move(to: next)
            sight = try await self.settled()
        }
        try await self.move(to: target)
        _ = try await self.settled()
    }

    // MARK: - For the kit

    /// Puts the database's clock under control of this one.
    func install() async throws {
        let connection = try await PostgresConnection.connect(self.database)
        _ = try await connection.run(Pipeline(self.statements.install.map { Statement(Query($0)) }))
        self.connection.withLock { $0 = connection }
    }

    func close() {
        let connection = self.connection.withLock { connection in
            defer { connection = nil }
            return connection
        }
        connection?.close()
    }

    /// An engine whose lease is renewed while time moves.
    func add(_ engine: DurableEngine) { self.engines.withLock { $0.append(engine) } }

    func remove(_ engine: DurableEngine) { self.engines.withLock { $0.removeAll { $0 === engine } } }

    /// Moves to the next time that a workflow waits for whenever all of them wait, until the task is cancelled.
    func skipForEver() async throws {
        while !Task.isCancelled {
            let sight = try await self.look()
            if sight.isIdle, let next = sight.next { try await self.move(to: next) }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Moves ahead to a time; nothing happens when that is past.
    private func move(to time: Int64) async throws {
        try await self.lock.hold {
            let distance = time - (try await self.sight().now)
            guard distance > 0 else { return }
            try await self.shift.move(by: distance) {
                // The leases first, and apart: nobody may see the new time beside the old lease.
                try await self.run(Statement(self.statements.renew, [self.living, Parameter(distance)]))
                try await self.run(Statement(self.statements.move, [Parameter(distance)]))
            }
        }
    }

    /// Waits until nothing goes on by itself.
    private func settled() async throws -> ClockSight {
        var last = try await self.look()
        var since = ContinuousClock.now
        while !last.isIdle, ContinuousClock.now - since < Self.patience {
            try await Task.sleep(for: .milliseconds(2))
            let sight = try await self.look()
            if sight.progress != last.progress { since = .now }
            last = sight
        }
        return last
    }

    private func look() async throws -> ClockSight {
        try await self.lock.hold { try await self.sight() }
    }

    private func sight() async throws -> ClockSight {
        var names = ArrayColumn(.text)
        for name in Set(self.engines.withLock { $0 }.flatMap(\.offeredNames)) { names.append(name) }
        var hanging = ArrayColumn(.text)
        for workflow in self.standIns.hanging { hanging.append(workflow) }
        let rows = try await self.run(
            Statement(self.statements.look, [self.living, names.parameter, hanging.parameter])
        ).rows
        guard let row = rows.first else { throw TestFailure("the test database does not tell its time") }
        return ClockSight(
            busy: try row.decode(0, as: Int.self),
            next: try row.decode(1, as: Int64?.self),
            now: try row.decode(2, as: Int64.self),
            recorded: try row.decode(3, as: Int.self)
        )
    }

    private var living: Parameter {
        var numbers = ArrayColumn(.int4)
        for engine in self.engines.withLock({ $0 }) {
            if let number = engine.executorNumber { numbers.append(number) }
        }
        return numbers.parameter
    }

    @discardableResult
    private func run(_ statement: Statement) async throws -> StatementResult {
        guard let connection = self.connection.withLock({ $0 }) else {
            throw TestFailure("the virtual clock was used after its test had ended")
        }
        return try await connection.run(Pipeline([statement]))[0]
    }
}

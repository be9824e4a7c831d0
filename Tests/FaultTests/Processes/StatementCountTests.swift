// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation
import Libpq
import Synchronization
import Testing

extension FaultTests {
    /// What steps cost, counted at the driver, and by the server.
    @Suite struct StatementCountTests {
        @Test func `a fresh workflow issues no read per step`() async throws {
            try await FaultFixture.run { fixture in
                let few = try await Self.run(steps: 5, rests: false, fixture)
                let many = try await Self.run(steps: 55, rests: false, fixture)
                print("5 steps: \(few.sum) statements, 55 steps: \(many.sum)")
                // The engine's stop may find one of its looks in the middle, whatever was run.
                for (text, count) in many.counts where text != "ROLLBACK" {
                    let difference = count - few.counts[text, default: 0]
                    if text.contains(".fence(") || text.contains("INSERT INTO \"durable\".journal") {
                        // A batch per step at the most, and each has one fence and one insert, of a lone row in one statement.
                        #expect((-5...50).contains(difference), "\(difference) × \(text)")
                    } else {
                        #expect(difference == 0, "\(difference) × \(text)")
                    }
                }
                #expect((1...50).contains(many.inserts - few.inserts))
            }
        }

        @Test func `a replayed step issues no statement`() async throws {
            try await FaultFixture.run { fixture in
                let few = try await Self.run(steps: 5, rests: true, fixture)
                let many = try await Self.run(steps: 55, rests: true, fixture)
                #expect(few.afterRest == many.afterRest)
                print("after the rest: \(few.afterRest.values.reduce(0, +)) statements, whatever was replayed")
                #expect(!few.afterRest.isEmpty)
            }
        }

        /// Runs one workflow, and compares what the driver and the server have counted.
        private static func run(steps: Int, rests: Bool, _ fixture: FaultFixture) async throws -> StatementCount {
            let connection = try await PostgresConnection.connect(fixture.configuration)
            defer { connection.close() }
            try await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            let count = StatementCount()
            var configuration = fixture.configuration
            configuration.observer = { count.observe($0) }
            var options = EngineOptions()
            // Nothing happens by the clock meanwhile.
            options.lease = .seconds(60)
            options.poll = rests ? .milliseconds(50) : .seconds(60)
            options.hold = .zero
            // Whoever begins to listen looks at everything.
            options.listen = false
            // At the rest everything before it has been sent and answered.
            if rests { options.durability = .immediate }
            let workflow = CountedWorkflow { count.rested() }
            let engine = try DurableEngine(database: configuration, workflows: [workflow], options: options)
            try await connection.execute(
                "SELECT pg_stat_statements_reset(0, (SELECT oid FROM pg_database WHERE datname = current_database()), 0)"
            )
            count.begin()
            let running = Task { try await engine.run() }
            try await engine.waitUntilReady()
            // The first look for due work is over too: what follows is the workflow's.
            try await wait("the engine has come to rest") { count.isAtRest ? nil : "\(count.counts.keys)" }
            let handle = try await engine.start(CountedWorkflow.self, CountedWorkflow.Plan(steps: steps, rests: rests))
            #expect(try await handle.result() == steps)
            running.cancel()
            try await running.value
            count.end()
            try await self.compare(count, connection, isTimed: rests)
            return count
        }

        private static func compare(_ count: StatementCount, _ connection: PostgresConnection, isTimed: Bool)
            async throws
        {
            let rows = try await connection.query(
                """
                SELECT query, calls FROM pg_stat_statements(true) AS s JOIN pg_database AS d ON d.oid = s.dbid
                WHERE d.datname = current_database() AND toplevel AND query NOT LIKE '%pg_stat_statements%'
                    AND query !~ '^(BEGIN|COMMIT|ROLLBACK)'
                """
            )
            var server: [String: Int] = [:]
            for row in rows {
                server[try row.decode(0, as: String.self), default: 0] += try row.decode(1, as: Int.self)
            }
            // Looks that the engine's end has interrupted may have been counted by the driver alone.
            if !isTimed {
                let sent = count.sumWithoutControl()
                #expect(
                    (sent - count.interrupted...sent).contains(server.values.reduce(0, +)),
                    "the server has counted others than the driver"
                )
            }
            // Texts without constants are the same on both sides.
            for (text, calls) in server where text.contains("journal") || text.contains(".fence(") {
                if let counted = count.counts[text] {
                    let mayBeInterrupted = isTimed || text.contains(".fence(")
                    #expect(calls == counted || mayBeInterrupted && calls < counted, "\(text)")
                }
            }
            let journal = server.filter { $0.key.contains("INSERT INTO \"durable\".journal") }
            #expect(!journal.isEmpty && journal.keys.allSatisfy { count.counts[$0] != nil })
        }
    }
}

/// Steps in a row, and a rest between them and the last one: the run is over then, and another one replays.
private struct CountedWorkflow: Workflow {
    struct Plan: Codable, Sendable {
        var steps: Int
        var rests: Bool
    }

    let rested: @Sendable () -> Void

    func run(_ plan: Plan, in workflow: WorkflowContext) async throws -> Int {
        var sum = 0
        for _ in 0..<plan.steps { sum += try await workflow.step("one") { _ in 1 } }
        if plan.rests {
            self.rested()
            try await workflow.sleep(for: .milliseconds(200))
            try await workflow.step("last") { _ in }
        }
        return sum
    }
}

/// Counts statements by their text.
private final class StatementCount: Sendable {
    private struct State {
        var isCounting = false
        var isAtRest = false
        var counts: [String: Int] = [:]
        /// How many statements were sent, and not answered in full.
        var interrupted = 0
        var afterRest: [String: Int] = [:]
        var rests = 0
    }

    private let state = Mutex(State())

    var counts: [String: Int] { self.state.withLock { $0.counts } }
    var sum: Int { self.counts.values.reduce(0, +) }
    /// How often something was written into the journal.
    var inserts: Int {
        self.counts.reduce(0) { $0 + ($1.key.contains("INSERT INTO \"durable\".journal") ? $1.value : 0) }
    }
    /// Without BEGIN, COMMIT and ROLLBACK, of which the server counts a prepared one once per session.
    func sumWithoutControl() -> Int {
        self.counts.reduce(0) { sum, entry in
            let isControl = ["BEGIN", "COMMIT", "ROLLBACK"].contains { entry.key.hasPrefix($0) }
            return sum + (isControl ? 0 : entry.value)
        }
    }
    var interrupted: Int { self.state.withLock { $0.interrupted } }

    /// Since the second run came to the rest, apart from what comes by the clock.
    var afterRest: [String: Int] { self.state.withLock { $0.afterRest } }

    /// Whether what an engine does at its boot is done.
    var isAtRest: Bool { self.state.withLock { $0.isAtRest } }

    func begin() { self.state.withLock { $0.isCounting = true } }
    func end() { self.state.withLock { $0.isCounting = false } }
    func rested() { self.state.withLock { $0.rests += 1 } }

    func observe(_ event: StatementEvent) {
        guard event.phase == .sending else {
            guard event.phase == .completed else { return }
            self.state.withLock { if $0.isCounting { $0.interrupted -= event.statements.count } }
            guard event.statements.contains(where: { $0.contains("RECURSIVE pile") }) else {
                return
            }
            return self.state.withLock { $0.isAtRest = true }
        }
        // Claims, routers and the looks for requests go round by the clock, and so does the question whether it has ended; the engine's own goodbye
        // has nothing to do with the workflow.
        let isTimed =
            event.statements.contains { text in
                [
                    "WITH RECURSIVE", ".lease", "live AS l WHERE l.executor", "SELECT id FROM",
                    ".route",
                    "l.mailbox > m", "cancellation AS c JOIN", "UNLISTEN",
                ].contains { text.contains($0) }
            } || event.statements == ["ROLLBACK"]
        self.state.withLock { state in
            guard state.isCounting else { return }
            state.interrupted += event.statements.count
            for text in event.statements {
                state.counts[text, default: 0] += 1
                // From the first rest on: the parking, the claim's loading of the history, and the end.
                if state.rests >= 1, !isTimed { state.afterRest[text, default: 0] += 1 }
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Testing

@testable import Durable

/// Waits and what ends them, at random moments of each other: no wake-up is lost, nothing is received twice or vanishes.
///
/// The ordinary suite runs a slice; `DURABLE_STRESS_ROUNDS=10000` the whole. `DURABLE_STRESS_SEED` repeats a run's choices.
@Suite struct WakeStressTests {
    struct Round: Codable, Sendable {
        enum Kind: Int, Codable, Sendable, CaseIterable {
            /// A signal, while its workflow parks.
            case signal
            /// A timeout against a signal.
            case timeout
            /// A sleep against a signal, in a race.
            case race
            /// Two completions of one token, and its timeout.
            case token
            /// An event, published before its workflow waits or even exists, or while it parks.
            case event
            /// Two branches that wait for one name.
            case branches
            /// A child that ends while its parent parks.
            case child
            /// A request to cancel, while its workflow parks.
            case cancel
        }
        var id: String
        var kind: Kind
        var limit: Int
        var delay: Int

        /// Whether the event is there before the workflow is.
        var isEarly: Bool { self.kind == .event && self.limit % 3 == 0 }
    }

    /// A child that ends after a while.
    struct Late: Workflow {
        static var name: String { "late" }

        func run(_ milliseconds: Int, in workflow: WorkflowContext) async throws -> String {
            try await workflow.step("work") { _ in
                try await Task.sleep(for: .milliseconds(milliseconds))
                return "a"
            }
        }
    }

    private static let program = Program<Round, String> { round, workflow in
        switch round.kind {
        case .signal: return try await workflow.receive(String.self, "n")
        case .timeout:
            return try await workflow.receive(String.self, "n", within: .milliseconds(round.limit)) ?? "over"
        case .race:
            return try await workflow.race(
                { try await $0.receive(String.self, "n") },
                { branch in
                    try await branch.sleep(for: .milliseconds(round.limit))
                    return "over"
                }
            )
        case .token:
            let token = try await workflow.token(String.self, "token")
            try await workflow.publish("token", token.id)
            return try await workflow.value(of: token, within: .milliseconds(round.limit)) ?? "over"
        case .event:
            let lookBack: Duration? = round.isEarly ? .seconds(600) : nil
            return try await workflow.waitForEvent(Event<String>("event"), key: round.id, lookBack: lookBack) ?? "over"
        case .branches:
            let both = try await workflow.parallel(
                { try await $0.receive(String.self, "n") },
                { try await $0.receive(String.self, "n") }
            )
            return [both.0, both.1].sorted().joined()
        case .child: return try await workflow.child(Late.self, round.limit)
        case .cancel:
            try await workflow.step("book") { _ in
            } undo: { _ in
            }
            switch round.limit % 3 {
            case 0: return try await workflow.receive(String.self, "n")
            case 1: try await workflow.sleep(for: .seconds(3600))
            default: _ = try await workflow.child(Late.self, 3_600_000)
            }
            return "not cancelled"
        }
    }

    @Test(.timeLimit(.minutes(30))) func `no wake-up is lost, whatever meets whatever`() async throws {
        let environment = ProcessInfo.processInfo.environment
        let rounds = environment["DURABLE_STRESS_ROUNDS"].flatMap { Int($0) } ?? 240
        let seed = environment["DURABLE_STRESS_SEED"].flatMap { UInt64($0) } ?? .random(in: 0 ... .max)
        print("wake stress: \(rounds) rounds, DURABLE_STRESS_SEED=\(seed)")
        var random = SplitMix64(state: seed)
        let all = (0..<rounds).map { index in
            Round(
                id: "r-\(index)",
                kind: Round.Kind.allCases[Int.random(in: 0..<Round.Kind.allCases.count, using: &random)],
                limit: Int.random(in: 0...40, using: &random),
                delay: Int.random(in: 0...40, using: &random)
            )
        }
        for kind in Round.Kind.allCases { print("wake stress: \(all.count { $0.kind == kind }) of \(kind)") }
        let refused = Counter()
        try await withDatabase(limit: .seconds(1_700)) { database in
            // Two processes' worth: one holds its waits and listens, the other parks them all and polls.
            try await database.withEngine([Self.program, Late()], .test) { one in
                let polling = EngineOptions.replaying.with { $0.listen = false }
                try await database.withEngine([Self.program, Late()], polling) { two in
                    try await Self.run(all, [one, two], refused)
                    try await eventually("the children of what was cancelled have ended", within: .seconds(60)) {
                        try await database.text("SELECT count(*)::text FROM durable.live") == "0"
                    }
                }
            }
            // Whatever was cancelled was undone, once, and whatever has ended by itself was not.
            let undone = try await database.rows(
                """
                SELECT o.status || ' ' || count(j.*) FROM durable.outcome o
                JOIN durable.workflow w ON w.id = o.workflow_id AND w.input ->> 'kind' = '7'
                LEFT JOIN durable.journal j ON j.workflow_id = w.id AND j.scope LIKE 'undo/%'
                GROUP BY w.id, o.status
                """
            )
            #expect(undone.allSatisfy { $0 == "cancelled 1" || $0 == "cancelled 0" }, "\(Set(undone))")
            #expect(undone.contains("cancelled 1"))
            // A message that was received is gone, and one that was not is there.
            let twice = try await database.text(
                """
                SELECT count(*)::text FROM durable.message m JOIN durable.outcome o USING (workflow_id)
                WHERE o.output::text <> '"over"'
                """
            )
            #expect(twice == "0")
            let vanished = try await database.text(
                """
                SELECT count(*)::text FROM durable.outcome o JOIN durable.workflow w ON w.id = o.workflow_id
                WHERE o.output::text = '"over"' AND w.input ->> 'kind' IN ('1', '2')
                    AND NOT EXISTS (SELECT FROM durable.message m WHERE m.workflow_id = w.id)
                """
            )
            #expect(
                vanished == "\(refused.value)",
                "a signal to a workflow that had ended was refused, and no other is gone"
            )
        }
    }

    @concurrent
    private static func run(_ rounds: [Round], _ engines: [DurableEngine], _ refused: Counter) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, round) in rounds.enumerated() {
                if index >= 40 { try await group.next() }
                group.addTask {
                    let (engine, other) = (engines[index % 2], engines[(index / 2) % 2])
                    if round.isEarly { try await other.publish(Event<String>("event"), "a", key: round.id) }
                    let handle = try await engine.start(Program<Round, String>.self, round, id: round.id)
                    if round.delay > 5 { try await Task.sleep(for: .milliseconds(round.delay)) }
                    try await self.end(round, handle, other, refused)
                }
            }
            try await group.waitForAll()
        }
    }

    private static func end(
        _ round: Round,
        _ handle: WorkflowHandle<String>,
        _ engine: DurableEngine,
        _ refused: Counter
    ) async throws {
        var allowed: Set<String> = ["a"]
        switch round.kind {
        case .signal: try await engine.signal(round.id, "n", "a")
        case .timeout, .race:
            allowed.insert("over")
            do {
                try await engine.signal(round.id, "n", "a")
            } catch let error as DurableError where error.code == .workflowEnded {
                refused.next()
            }
        case .token:
            let id = try await engine.value(PublishedValue<String>("token"), of: round.id, within: .seconds(60))
            let token = try #require(id)
            async let one = self.complete(token, "a", engine)
            async let two = self.complete(token, "b", engine)
            let (first, second) = try await (one, two)
            #expect(!(first && second), "round \(round): both completions were told that they were first")
            allowed = first ? ["a"] : second ? ["b"] : ["over"]
        case .event:
            if !round.isEarly { try await engine.publish(Event<String>("event"), "a", key: round.id) }
        case .child: break
        case .cancel:
            #expect(try await engine.cancel(round.id, reason: "no") == .requested)
            let error = await #expect(throws: DurableError.self, "round \(round)") {
                let result = try await handle.result(within: .seconds(60))
                Issue.record("round \(round): \(result ?? "nothing came")")
            }
            #expect(error?.message == "the workflow was cancelled: no", "round \(round)")
            return
        case .branches:
            try await engine.signal(round.id, "n", "a")
            try await engine.signal(round.id, "n", "b")
            allowed = ["ab"]
        }
        let result = try await handle.result(within: .seconds(60))
        #expect(allowed.contains(result ?? "nothing"), "round \(round): \(result ?? "nothing came")")
    }

    private static func complete(_ token: String, _ value: String, _ engine: DurableEngine) async throws -> Bool {
        do {
            return try await engine.complete(token: token, with: value)
        } catch let error as DurableError where error.code == .workflowEnded {
            return false
        }
    }
}

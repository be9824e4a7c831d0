// SPDX-License-Identifier: Apache-2.0

import DurableMacros
import DurableTesting
import Metrics
import MetricsTestKit
import Synchronization
import TestSupport
import Testing

/// What a step of `Purchase` is given: collections whose order differs from process to process, and a field that the next
/// build adds.
struct Basket: Codable, Sendable {
    var items: Set<String>
    var prices: [Int: String]
    var voucher: String?
}

/// Pays, and stands in its last step until it may ship.
@Workflow("purchase")
struct Purchase {
    let world: World

    /// What the tests change, and count.
    final class World: Sendable {
        struct State {
            var isHeld = true
            var voucher: String?
            var isSwapped = false
        }

        let state = Mutex(State())
        let paid = Counter()
        let booked = Counter()
        let shipping = Counter()
    }

    func run(_ numbers: [Int], in workflow: WorkflowContext) async throws -> String {
        // What a build, or a run that is not deterministic, does differently.
        let (voucher, isSwapped) = self.world.state.withLock { ($0.voucher, $0.isSwapped) }
        let basket = Basket(
            items: Set(numbers.map { "item \($0)" }),
            prices: Dictionary(uniqueKeysWithValues: numbers.map { ($0, "\($0) cents") }),
            voucher: voucher
        )
        let paid = try await self.pay(basket, in: workflow)
        let booked = try await self.book(
            from: isSwapped ? "warehouse" : "shop",
            to: isSwapped ? "shop" : "warehouse",
            in: workflow
        )
        return try await self.ship(in: workflow) + " \(paid) \(booked)"
    }

    @Step
    func pay(_ basket: Basket, in step: StepContext) async throws -> Int { self.world.paid.next() }

    @Transaction
    func book(from: String, to: String, in transaction: Transaction) async throws -> Int {
        try await transaction.execute("SELECT 1")
        return self.world.booked.next()
    }

    @Step
    func ship(in step: StepContext) async throws -> String {
        self.world.shipping.next()
        while self.world.state.withLock({ $0.isHeld }) { try await Task.sleep(for: .milliseconds(5)) }
        return "shipped"
    }
}

@Suite struct RecoveryTests {
    /// What the whole test process counts: there is one metrics system in a process.
    private static let metrics: TestMetrics = {
        let metrics = TestMetrics()
        MetricsSystem.bootstrap(metrics)
        return metrics
    }()

    /// Runs an engine of a build until the workflow stands in its last step, and stops it there.
    private func hold(_ world: Purchase.World, _ database: TestDatabase, build: String?) async throws {
        let before = world.shipping.value
        var options = EngineOptions.test
        options.build = build
        try await database.withEngine([Purchase(world: world)], options) { engine in
            _ = try await engine.start(Purchase.self, Array(0..<100), id: "a")
            try await eventually("the workflow ships") { world.shipping.value > before }
        }
    }

    @Test func `another engine goes on from the last checkpoint, and finds the inputs of a set the same`() async throws
    {
        let world = Purchase.World()
        try await withTestDatabase { database in
            try await self.hold(world, database, build: nil)
            try await self.hold(world, database, build: nil)
            world.state.withLock { $0.isHeld = false }
            let result = try await database.withEngine([Purchase(world: world)]) { engine in
                try await engine.start(Purchase.self, Array(0..<100), id: "a").result()
            }
            #expect(result == "shipped 1 1")
            #expect(world.paid.value == 1)
            #expect(world.booked.value == 1)
            // Another process finds these too: they are written down here, and each process seeds its hashes anew.
            let fingerprints = try await database.rows(
                """
                SELECT fingerprint::text FROM durable.journal
                WHERE workflow_id = 'a' AND fingerprint IS NOT NULL ORDER BY position
                """
            )
            #expect(fingerprints == ["-6146083279035591316", "3214870254889155069"])
        }
    }

    @Test func `a field that the next build adds is reported, and the workflow goes on`() async throws {
        let world = Purchase.World()
        let metrics = Self.metrics
        try await withTestDatabase { database in
            try await self.hold(world, database, build: "one")
            world.state.withLock { $0.voucher = "half price" }
            try await self.hold(world, database, build: "two")
            #expect(
                try await database.rows(
                    "SELECT name || ' ' || phase FROM durable.journal WHERE workflow_id = 'a' AND phase < 0"
                ) == ["pay -1"]
            )
            #expect(
                try await database.rows(
                    "SELECT step FROM durable.steps WHERE workflow_id = 'a' AND inputs_changed"
                ) == ["pay"]
            )
            #expect(world.paid.value == 1)
            let counter = try metrics.expectCounter("durable.step.inputs_changed", [("workflow", Purchase.name)])
            #expect(counter.totalValue == 1)
        }
    }

    @Test func `arguments that are swapped within one build pause the workflow`() async throws {
        let world = Purchase.World()
        try await withTestDatabase { database in
            try await self.hold(world, database, build: "one")
            world.state.withLock { $0.isSwapped = true }
            let shipping = world.shipping.value
            var options = EngineOptions.test
            options.build = "one"
            try await database.withEngine([Purchase(world: world)], options) { _ in
                try await eventually("the workflow is paused") {
                    try await database.rows("SELECT state::text FROM durable.live") == ["paused"]
                }
            }
            let words = try await database.rows("SELECT reason || ': ' || (error ->> 'message') FROM durable.live")
            #expect(
                words.first?.hasPrefix(
                    """
                    diverged: the code calls transaction "book" at position 1 with other inputs than those it was recorded \
                    with, by the same build
                    """
                ) == true,
                "\(words)"
            )
            #expect(world.shipping.value == shipping)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Synchronization
import Testing

@testable import Durable

@Suite struct IdleTests {
    @Test func `an engine with nothing to do says one statement per poll, and little besides`() async throws {
        try await withTestDatabase { database in
            let counts = StatementCounts()
            var took = Duration.zero
            var configuration = database.configuration
            configuration.observer = { counts.observe($0) }
            var options = EngineOptions()
            options.poll = .milliseconds(20)
            // Everything that goes by the lease is far away.
            options.lease = .seconds(120)
            try await database.withEngine(
                [Program<Int, Int> { input, _ in input }],
                options,
                configuration: configuration
            ) {
                engine in
                #expect(try await engine.start(Program<Int, Int>.self, 1).result() == 1)
                counts.isCounting = true
                let began = ContinuousClock.now
                try await eventually("100 looks", within: .seconds(60)) { counts.looks >= 100 }
                took = .now - began
                counts.isCounting = false
            }
            let rest = counts.others
            let sum = rest.values.reduce(0, +)
            print("idle: \(counts.looks) looks, \(sum) other statements")
            // The spare rounds go by the clock, and polls may come late; one transaction of each errand per poll would be thousands.
            #expect(sum <= 300 + 15 * Int(took.components.seconds), "\(rest.sorted { $0.value > $1.value }.prefix(12))")
        }
    }
}

/// Counts the statements that a process sends, by their text.
private final class StatementCounts: Sendable {
    private struct State {
        var isCounting = false
        var looks = 0
        var others: [String: Int] = [:]
    }

    private let state = Mutex(State())

    var looks: Int { self.state.withLock { $0.looks } }
    var others: [String: Int] { self.state.withLock { $0.others } }
    var isCounting: Bool {
        get { self.state.withLock { $0.isCounting } }
        set { self.state.withLock { $0.isCounting = newValue } }
    }

    func observe(_ event: StatementEvent) {
        self.state.withLock { state in
            guard event.phase == .sending, state.isCounting else { return }
            for text in event.statements {
                if text.hasPrefix("WITH RECURSIVE pile") {
                    state.looks += 1
                } else {
                    state.others[text, default: 0] += 1
                }
            }
        }
    }
}

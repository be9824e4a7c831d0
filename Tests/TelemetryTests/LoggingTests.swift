// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Logging
import TestSupport
import Testing

@Suite struct LoggingTests {
    /// Keeps every message with its metadata.
    private struct Keeper: LogHandler {
        let lines: Shared<[(message: String, metadata: Logger.Metadata)]>
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = ("\(event.message)", self.metadata.merging(event.metadata ?? [:]) { $1 })
            self.lines.append(line)
        }
    }

    @Test func `what a workflow logs is logged once, says whose it is, and no payload is ever logged`() async throws {
        let lines = Shared<[(message: String, metadata: Logger.Metadata)]>([])
        let logger = Logger(label: "test", factory: { _ in Keeper(lines: lines) })
        let secret = "4111-1111"
        try await withTestEngine([Sale()], clock: .skipping, logger: logger) { test in
            try await test.run(Sale.self, secret, id: "sale-1")
        }
        // The workflow was parked after it, and replayed.
        let booked = lines.value.filter { $0.message == "booked" }
        #expect(booked.count == 1)
        #expect(booked[0].metadata["workflow.id"] == "sale-1")
        #expect(booked[0].metadata["workflow.name"] == "sale")
        let priced = lines.value.filter { $0.message == "priced" }
        #expect(priced.map { $0.metadata["step.attempt"] } == ["1", "2"])
        #expect(priced.allSatisfy { $0.metadata["step.name"] == "price" && $0.metadata["workflow.id"] == "sale-1" })
        let failed = try #require(lines.value.first { $0.message == "step.attempt_failed" })
        #expect(failed.metadata["workflow.id"] == "sale-1" && failed.metadata["step.attempt"] == "1")
        #expect(!lines.value.contains { "\($0)".contains(secret) })
    }
}

extension Shared where Value: RangeReplaceableCollection {
    fileprivate func append(_ element: Value.Element) { self.change { $0.append(element) } }
}

// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableTesting
import Logging
import Synchronization
import Testing

/// Runs an engine for as long as the body takes, and shuts it down in order.
func withEngine<R: Sendable>(
    on database: TestDatabase,
    _ workflows: [any Workflow],
    options: EngineOptions = EngineOptions(),
    logger: Logger = Logger(label: "durable"),
    _ body: (DurableEngine) async throws -> R
) async throws -> R {
    let engine = try DurableEngine(
        database: database.configuration,
        workflows: workflows,
        options: options,
        logger: logger
    )
    let running = Task { try await engine.run() }
    let result: R
    do {
        try await engine.waitUntilReady()
        result = try await body(engine)
    } catch {
        running.cancel()
        _ = try? await running.value
        throw error
    }
    running.cancel()
    try await running.value
    return result
}

/// Asks again and again until it holds, for at most a minute.
func eventually(_ what: String, _ holds: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(60)
    while try await !holds() {
        try #require(ContinuousClock.now < end, "did not come about: \(what)")
        try await Task.sleep(for: .milliseconds(20))
    }
}

/// Keeps the metadata of the messages that it is given, by message.
final class LogBook: Sendable {
    private let entries = Mutex<[String: Logger.Metadata]>([:])

    var logger: Logger { Logger(label: "durable") { _ in Handler(book: self) } }

    subscript(message: String) -> Logger.Metadata? { self.entries.withLock { $0[message] } }

    private struct Handler: LogHandler {
        let book: LogBook
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            self.book.entries.withLock { $0["\(event.message)"] = event.metadata ?? [:] }
        }
    }
}

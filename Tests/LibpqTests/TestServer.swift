// SPDX-License-Identifier: Apache-2.0

import Libpq
import TemporaryPostgres
import Testing

/// The server that the tests of this target share.
enum TestServer {
    static func configuration() async throws -> PostgresConfiguration {
        var configuration = PostgresConfiguration(try await TemporaryPostgres.shared().connectionString())
        // Hundreds of tests at once keep a small machine from answering for longer than any service would wait.
        configuration.connectTimeout = .seconds(60)
        return configuration
    }

    static func connect() async throws -> PostgresConnection {
        try await PostgresConnection.connect(self.configuration())
    }
}

/// Waits until a condition holds, and fails after a generous while.
func eventually(
    _ condition: () async throws -> Bool,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let clock = ContinuousClock()
    let limit = clock.now + .seconds(20)
    while try await !condition() {
        guard clock.now < limit else {
            Issue.record("the condition did not come true within 20 s", sourceLocation: sourceLocation)
            return
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}

// SPDX-License-Identifier: Apache-2.0

import Libpq
import TemporaryPostgres

/// The server that the tests of this target share.
enum TestServer {
    static func configuration() async throws -> PostgresConfiguration {
        PostgresConfiguration(try await TemporaryPostgres.shared().connectionString())
    }

    static func connect() async throws -> PostgresConnection {
        try await PostgresConnection.connect(self.configuration())
    }
}

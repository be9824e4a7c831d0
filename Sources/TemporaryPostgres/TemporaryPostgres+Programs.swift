// SPDX-License-Identifier: Apache-2.0

extension TemporaryPostgres {
    /// Whether the server's programs were built with TLS.
    package static var hasTLS: Bool {
        get async throws { try await self.shared().administer("SHOW ssl_library") != "\n" }
    }

    /// Runs a program that comes with the server, such as `pgbench`, and returns what it printed; throws that when it failed.
    ///
    /// - Parameter database: the database whose connection string is the last argument.
    package func run(program: String, _ arguments: [String], database: String) async throws -> String {
        try await Command.run(
            "\(try Programs.serverFolder())/\(program)",
            arguments + [self.connectionString(database: database)]
        )
    }
}

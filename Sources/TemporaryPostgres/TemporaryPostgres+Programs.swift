// SPDX-License-Identifier: Apache-2.0

extension TemporaryPostgres {
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

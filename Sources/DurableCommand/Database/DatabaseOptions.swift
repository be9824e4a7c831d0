// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Durable
import Libpq

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Where the workflows are.
struct DatabaseOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "A connection string or URL. Else DATABASE_URL, else the PG* variables.",
            discussion: "Other users can read arguments: leave a password to the variables or the password file.",
            valueName: "url"
        )
    )
    var database: String?

    @Option(name: .long, help: "The schema. Else DURABLE_SCHEMA, else durable.")
    var schema: String?

    /// How to reach it.
    var configuration: PostgresConfiguration {
        let url = self.database ?? ProcessInfo.processInfo.environment["DATABASE_URL"] ?? ""
        var configuration = PostgresConfiguration(url)
        configuration.applicationName = "durable (command)"
        // Each statement is planned for the values that it is given.
        configuration.statementCache = .disabled
        configuration.requestTimeout = .seconds(120)
        // Nothing that a person looks at may weigh on the service.
        configuration.settings = [
            "default_transaction_isolation": "read committed",
            "jit": "off",
            "lock_timeout": "10s",
            "statement_timeout": "60s",
        ]
        return configuration
    }

    /// The schema's name, checked.
    func schemaName() throws -> SchemaName {
        try SchemaName(self.schema ?? ProcessInfo.processInfo.environment["DURABLE_SCHEMA"] ?? "durable")
    }
}

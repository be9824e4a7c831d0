// SPDX-License-Identifier: Apache-2.0

package import Libpq

extension PostgresConfiguration {
    /// A configuration for tests: hundreds of them at once keep a small machine from answering for longer than any service
    /// would wait.
    package static func patient(_ connectionString: String) -> PostgresConfiguration {
        var configuration = PostgresConfiguration(connectionString)
        configuration.connectTimeout = .seconds(60)
        return configuration
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A row of `durable.migration`.
package struct AppliedMigration: Hashable, Sendable {
    package let version: Int
    package let name: String
    package let oldestGeneration: Int
    /// Nil when it was applied by hand, with `psql`.
    package let checksum: String?

    package init(version: Int, name: String, oldestGeneration: Int, checksum: String?) {
        self.version = version
        self.name = name
        self.oldestGeneration = oldestGeneration
        self.checksum = checksum
    }
}

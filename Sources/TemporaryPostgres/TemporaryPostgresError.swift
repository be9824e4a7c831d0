// SPDX-License-Identifier: Apache-2.0

/// Why a private Postgres could not be started or used.
package struct TemporaryPostgresError: Error, CustomStringConvertible {
    /// What failed, and what the program that failed has said.
    package let description: String

    init(_ description: String) { self.description = description }
}

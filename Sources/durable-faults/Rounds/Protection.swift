// SPDX-License-Identifier: Apache-2.0

/// A protection of the engine that can be switched off, to see that the suite misses it.
enum Protection: String, Codable, Sendable, CaseIterable {
    case fence

    /// What is changed in the database.
    var statements: [String] {
        switch self {
        case .fence:
            [
                """
                CREATE OR REPLACE FUNCTION durable.fence(executor integer, epoch integer, server bigint) RETURNS void
                    LANGUAGE plpgsql VOLATILE AS $$ BEGIN END $$
                """,
                """
                CREATE OR REPLACE FUNCTION durable.fence_strict(executor integer, epoch integer, server bigint)
                    RETURNS void LANGUAGE plpgsql VOLATILE AS $$ BEGIN END $$
                """,
            ]
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Small pieces of SQL that several statements share.
enum SQLFragments {
    /// A `timestamptz` expression as microseconds since 2000-01-01 UTC: exact, whatever the session's settings.
    static func microseconds(_ expression: String) -> String {
        "((extract(epoch FROM \(expression)) * 1000000)::bigint - 946684800000000)"
    }
}

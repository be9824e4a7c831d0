// SPDX-License-Identifier: Apache-2.0

import TemporaryPostgres

/// Synchronous replication between two private servers.
enum Replication {
    /// Waits until a standby follows, and has every commit wait for it from then on.
    static func makeSynchronous(_ primary: TemporaryPostgres) async throws {
        try await Deadline.wait("a standby follows", within: .seconds(300), every: .milliseconds(50)) {
            try await primary.administer("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'")
                .hasPrefix("1")
        }
        try await primary.administer("ALTER SYSTEM SET synchronous_standby_names = '*'")
        try await primary.administer("SELECT pg_reload_conf()")
        try await Deadline.wait("the standby is synchronous", within: .seconds(300), every: .milliseconds(50)) {
            try await primary.administer("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")
                .hasPrefix("1")
        }
    }

    /// Lets commits go on without a standby.
    static func makeAlone(_ primary: TemporaryPostgres) async throws {
        try await primary.administer("ALTER SYSTEM RESET synchronous_standby_names")
        try await primary.administer("SELECT pg_reload_conf()")
    }
}

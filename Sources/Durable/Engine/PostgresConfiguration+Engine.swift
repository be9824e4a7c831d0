// SPDX-License-Identifier: Apache-2.0

package import Libpq

extension PostgresConfiguration {
    /// The configuration of the engine's own connections: settings that keep its plans steady, whatever role or database say.
    ///
    /// What correctness needs is checked or said again in every transaction; these are a matter of speed.
    package func forEngine() -> PostgresConfiguration {
        var copy = self
        for (setting, value) in PostgresConfiguration.engineSettings { copy.settings[setting] = value }
        return copy
    }

    private static let engineSettings = [
        // One plan per statement for ever, and never one that reads a table from end to end: tables grow, plans stay.
        "plan_cache_mode": "force_generic_plan",
        "jit": "off",
        "enable_hashjoin": "off",
        "enable_mergejoin": "off",
        "enable_seqscan": "off",
        "default_transaction_isolation": "read committed",
        "default_transaction_read_only": "off",
        "default_transaction_deferrable": "off",
        "synchronous_commit": "on",
        "lock_timeout": "100ms",
        "statement_timeout": "0",
        "idle_in_transaction_session_timeout": "60s",
        // The server ends the sessions of a machine that has vanished, with the fence that they hold.
        "tcp_keepalives_idle": "15",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
    ]
}

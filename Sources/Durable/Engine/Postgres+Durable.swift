// SPDX-License-Identifier: Apache-2.0

import Libpq

extension Parameter {
    /// A `timestamptz` in microseconds since 2000-01-01.
    init(microseconds: Int64) {
        self.init(bytes: withUnsafeBytes(of: microseconds.bigEndian) { Array($0) }, type: .timestamptz)
    }
}

extension DurableError {
    /// An error of the database under a call of the engine's or the client's.
    init(_ error: PostgresError) {
        self.init(
            error.isAway ? .databaseUnavailable : .schemaMismatch,
            error.isAway ? "the database is not available: \(error)" : "the database refused: \(error)",
            underlying: error
        )
    }
}

extension PostgresError {
    /// The database is away, takes no writes, or has no connection left: trying again later may help.
    var isUnavailable: Bool {
        switch self.code {
        case .connectionFailed, .connectionLost, .connectionClosed, .timeout, .poolTimeout: true
        // The driver gave the connection up over what the statement asked for: another one would not help.
        case .protocolViolation: false
        default:
            self.isConnectionLost || self.isRefusedBegin
                || self.sqlState.map { $0.hasPrefix("57P") || $0.hasPrefix("53") } ?? false
        }
    }

    /// A transaction that writes could not even begin: the server is a standby, which a failover may change.
    var isRefusedBegin: Bool { self.sqlState == "0A000" && self.statement?.hasPrefix("BEGIN ") ?? false }

    /// The same, or a statement outside of any transaction of ours was refused since the server, or the session, only reads.
    fileprivate var isAway: Bool { self.isUnavailable || self.sqlState == "25006" }

    /// A serialization failure or a deadlock: the same transaction may succeed when it is repeated.
    var isConflict: Bool { self.sqlState == "40001" || self.sqlState == "40P01" }

    /// Another transaction holds a lock for longer than a statement waits; nothing was done.
    var isLocked: Bool { self.sqlState == "55P03" }

    /// The same transaction may succeed when it is repeated.
    var isPassing: Bool { self.isUnavailable || self.isConflict }

    /// The place in the journal is taken.
    var isOfJournalKey: Bool {
        self.sqlState == "23505" && self.table == "journal" && self.constraint == "journal_pkey"
    }

    /// An error that came to light on a connection that is gone.
    static func connectionLost(underlying error: any Error) -> PostgresError {
        var lost = PostgresError(
            .connectionLost,
            "the connection was lost in the middle of the transaction",
            underlying: error
        )
        lost.isConnectionLost = true
        return lost
    }
}

// SPDX-License-Identifier: Apache-2.0

import CLibpq

/// Where a session stands, as of its last complete request.
public enum PostgresTransactionStatus: Hashable, Sendable {
    /// Outside of a transaction.
    case idle
    /// A request is under way.
    case active
    /// Inside a transaction.
    case inTransaction
    /// Inside a transaction that can only be rolled back.
    case failed
    /// The connection is gone.
    case unknown

    init(_ status: PGTransactionStatusType) {
        switch status {
        case PQTRANS_IDLE: self = .idle
        case PQTRANS_ACTIVE: self = .active
        case PQTRANS_INTRANS: self = .inTransaction
        case PQTRANS_INERROR: self = .failed
        default: self = .unknown
        }
    }
}

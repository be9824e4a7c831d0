// SPDX-License-Identifier: Apache-2.0

package import Libpq

/// What became of a batch that was not simply committed.
package enum BatchFailure: Sendable {
    /// It committed, but some start met an id that was taken, or some outcome a workflow that is no longer this run's.
    case miscounted
    /// The connection is gone, and with it the answer.
    case lost
    /// The server, or the connection, said no.
    case failed(PostgresError)
}

/// What to do about a batch that failed.
///
/// Pure.
package enum BatchRemedy: Sendable, Equatable {
    /// This process was declared dead, or the server is not the one it registered with.
    case superseded(LeaseEnding)
    /// The session does not keep its settings: say BEGIN and COMMIT from now on, and send it again.
    case sayBegin
    /// Nobody knows whether it committed: open a new connection, see what is there, send the rest.
    case reconnect
    /// Some row is there already: see whose, drop the runs that lost, send the rest.
    case inspect
    /// A stranger holds a lock: find whose rows meet it, and let all others pass.
    case stepAside
    /// The server takes no writes at all, a standby: send it again later, and without BEGIN, since the session is not to blame.
    case waitForWrites
    /// The server is short of something for now: send smaller, later, until it works.
    case retry
    /// A row that the server will never take: find it by halving.
    case divide

    package init(_ failure: BatchFailure) {
        let error: PostgresError
        switch failure {
        case .miscounted:
            self = .inspect
            return
        case .lost:
            self = .reconnect
            return
        case .failed(let reason): error = reason
        }
        if error.isConnectionLost || error.isOutcomeUnknown {
            self = .reconnect
            return
        }
        guard let state = error.sqlState else {
            self = .reconnect
            return
        }
        switch state {
        case "DU001": self = .superseded(.fenced)
        case "DU003": self = .superseded(.incarnationChanged)
        // Read only by a setting of the session, or because the server is a standby: BEGIN READ WRITE tells.
        case "DU002", "25006": self = .sayBegin
        case "23505": self = .inspect
        // Lock not available, deadlock, serialization failure, query cancelled.
        case "55P03", "40P01", "40001", "57014": self = .stepAside
        case _ where error.isRefusedBegin: self = .waitForWrites
        default:
            switch state.prefix(2) {
            // Connection trouble; a transaction that is not in the state it should be in; operator intervention (shutdown, crash).
            case "08", "25", "57": self = .reconnect
            // Insufficient resources; system error. It passes, or a person sees to it; nothing is lost meanwhile.
            case "53", "58", "XX": self = .retry
            default: self = .divide
            }
        }
    }
}

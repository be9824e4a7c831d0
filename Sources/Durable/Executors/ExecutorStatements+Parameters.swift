// SPDX-License-Identifier: Apache-2.0

import Libpq

extension ExecutorStatements {
    /// Removes the rows of steps that have ended.
    func removeActivity(_ number: Int32, _ rows: [ActivityRow]) -> Statement {
        var workflows = ArrayColumn(.text)
        var scopes = ArrayColumn(.text)
        var positions = ArrayColumn(.int4)
        for row in rows {
            workflows.append(row.workflow)
            scopes.append(row.scope)
            positions.append(row.position)
        }
        return Statement(
            self.removeActivity,
            [Parameter(number), workflows.parameter, scopes.parameter, positions.parameter]
        )
    }

    /// Enters steps that have been running for a while.
    func enterActivity(_ number: Int32, _ rows: [ActivityRow]) -> Statement {
        var workflows = ArrayColumn(.text)
        var scopes = ArrayColumn(.text)
        var positions = ArrayColumn(.int4)
        var kinds = ArrayColumn(.int2)
        var attempts = ArrayColumn(.int2)
        var starts = ArrayColumn(.timestamptz)
        var names = ArrayColumn(.text)
        for row in rows {
            workflows.append(row.workflow)
            scopes.append(row.scope)
            positions.append(row.position)
            kinds.append(row.kind)
            attempts.append(row.attempt)
            starts.append(microseconds: row.startedAt)
            names.append(row.name)
        }
        return Statement(
            self.enterActivity,
            [
                Parameter(number), workflows.parameter, scopes.parameter, positions.parameter, kinds.parameter,
                attempts.parameter, starts.parameter, names.parameter,
            ]
        )
    }
}

extension RenewalReply {
    /// Reads the one row that the renewal answers with.
    init(_ result: StatementResult?) throws(PostgresError) {
        guard let row = result?.rows.first else {
            throw PostgresError(.protocolViolation, "the renewal of a lease was answered without a row")
        }
        let previous = try row.decode(0, as: Int64?.self)
        let expiry = try row.decode(1, as: Int64?.self)
        self.init(
            held: expiry != nil,
            server: try row.decode(2, as: Int64.self),
            clock: try row.decode(3, as: Int64.self),
            previousExpiry: previous,
            expiry: expiry
        )
    }
}

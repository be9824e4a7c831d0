// SPDX-License-Identifier: Apache-2.0

import CLibpq
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A `PGconn` that the service opened itself and goes on owning: statements run on it one at a time, in the text format, on a
/// thread that may wait.
///
/// For services that are written against plain libpq and want a step's checkpoint in their own transaction.
///
/// `@unchecked Sendable`: the pointer is used by one helper thread at a time, which `turn` sees to.
public final class BorrowedConnection: @unchecked Sendable {
    private struct Turn {
        var isTaken = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let pointer: OpaquePointer
    private let turn = Mutex(Turn())

    /// Borrows a connection, which must stay open, and be used by nobody else, for as long as this is used.
    ///
    /// - Parameter pointer: A `PGconn *` in blocking mode, outside of pipeline mode.
    public init(unsafe pointer: OpaquePointer) {
        self.pointer = pointer
    }

    /// Runs one statement and returns its rows, each value in the text format; nil is NULL.
    ///
    /// - Throws: `PostgresError`, with `isConnectionLost` when the session is gone.
    public func run(_ sql: String, _ parameters: [String?] = []) async throws -> [[String?]] {
        try await self.execute(sql, parameters).rows
    }

    /// Runs one statement and returns its command tag: `COMMIT`, `INSERT 0 1`.
    ///
    /// - Throws: As ``run(_:_:)``.
    public func command(_ sql: String) async throws -> String {
        try await self.execute(sql, []).tag
    }

    /// Waits until nobody else uses the connection, and keeps it for the length of the body.
    public func exclusively<Value: Sendable>(_ body: () async throws -> Value) async rethrows -> Value {
        await withCheckedContinuation { (waiter: CheckedContinuation<Void, Never>) in
            let isMine = self.turn.withLock { turn in
                if turn.isTaken {
                    turn.waiting.append(waiter)
                    return false
                }
                turn.isTaken = true
                return true
            }
            if isMine { waiter.resume() }
        }
        defer { self.passOn() }
        return try await body()
    }

    private func passOn() {
        let next = self.turn.withLock { turn -> CheckedContinuation<Void, Never>? in
            if turn.waiting.isEmpty {
                turn.isTaken = false
                return nil
            }
            return turn.waiting.removeFirst()
        }
        next?.resume()
    }

    private struct Answer: Sendable {
        var tag: String
        var rows: [[String?]]
    }

    private func execute(_ sql: String, _ parameters: [String?]) async throws -> Answer {
        let result: Result<Answer, PostgresError> = await withCheckedContinuation { waiter in
            let isStarted = HelperThread.start("pg-borrowed") { waiter.resume(returning: self.call(sql, parameters)) }
            if !isStarted {
                waiter.resume(returning: .failure(PostgresError(.connectionFailed, "the system has no thread to give")))
            }
        }
        return try result.get()
    }

    private func call(_ sql: String, _ parameters: [String?]) -> Result<Answer, PostgresError> {
        let copies = parameters.map { $0.map { strdup($0) } ?? nil }
        defer { for copy in copies { free(copy) } }
        let values = copies.map { UnsafePointer<CChar>($0) }
        guard let result = PQexecParams(self.pointer, sql, Int32(values.count), nil, values, nil, nil, 0) else {
            return .failure(self.lost(sql))
        }
        let handle = ResultHandle(result)
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK: break
        default:
            if PQstatus(self.pointer) != CONNECTION_OK { return .failure(self.lost(sql)) }
            var error = PostgresError(result: result)
            error.statement = sql
            return .failure(error)
        }
        let rows = (0..<handle.rowCount).map { row in
            (0..<handle.columnCount).map { column in
                PQgetisnull(result, Int32(row), Int32(column)) == 1
                    ? nil : String(cString: PQgetvalue(result, Int32(row), Int32(column)))
            }
        }
        return .success(Answer(tag: PQcmdStatus(result).map { String(cString: $0) } ?? "", rows: rows))
    }

    private func lost(_ sql: String) -> PostgresError {
        var error = PostgresError(
            .connectionLost,
            PQerrorMessage(self.pointer).map { String(cString: $0).trimmed } ?? "the connection is gone"
        )
        error.isConnectionLost = true
        error.isOutcomeUnknown = true
        error.statement = sql
        return error
    }
}

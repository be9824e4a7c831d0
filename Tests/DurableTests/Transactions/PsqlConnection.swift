// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation
import Synchronization

/// A Postgres library in sixty lines, written against the public protocol only: `psql`, driven over pipes.
final class PsqlConnection: TransactionConnection, Sendable {
    /// The process is gone, or was never there.
    struct Gone: Error {}

    /// The server refused a statement.
    struct Refused: Error {
        let sqlState: String
    }

    private struct Pipes: @unchecked Sendable {
        // A `FileHandle` is used by one statement at a time: a transaction is not shared.
        let process: Process
        let input: FileHandle
        let output: FileHandle
    }

    private let pipes: Pipes
    private let rest = Mutex(Data())

    init(_ connectionString: String) throws {
        // A write to a process that was killed is an error here, not the end of the test run.
        signal(SIGPIPE, SIG_IGN)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["psql", "-X", "-A", "-t", "-F", "\u{1F}", "-P", "null=\u{1E}", connectionString]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.pipes = Pipes(process: process, input: input.fileHandleForWriting, output: output.fileHandleForReading)
    }

    var pid: Int32 { self.pipes.process.processIdentifier }

    func run(_ sql: String, _ parameters: [String?]) async throws -> [[String?]] {
        var text = sql
        for (index, value) in parameters.enumerated().reversed() {
            let literal = value.map { "'" + $0.replacing("'", with: "''") + "'" } ?? "NULL"
            text = text.replacing("$\(index + 1)", with: literal)
        }
        return try await self.lines(of: text).map { line in
            line.split(separator: "\u{1F}", omittingEmptySubsequences: false).map { $0 == "\u{1E}" ? nil : String($0) }
        }
    }

    /// The lines that psql prints for one statement: rows, or a command tag.
    func lines(of sql: String) async throws -> [String] {
        try self.write("\(sql);\n\\echo \u{1D} :SQLSTATE\n")
        return try await withCheckedThrowingContinuation { waiter in
            Thread.detachNewThread { waiter.resume(with: Result { try self.readUntilMark() }) }
        }
    }

    func write(_ text: String) throws {
        do { try self.pipes.input.write(contentsOf: Data(text.utf8)) } catch { throw Gone() }
    }

    func kill() {
        Foundation.kill(self.pid, SIGKILL)
        self.pipes.process.waitUntilExit()
    }

    func close() {
        try? self.pipes.input.close()
        self.pipes.process.waitUntilExit()
    }

    private func readUntilMark() throws -> [String] {
        var lines: [String] = []
        while true {
            while let line = self.nextLine() {
                guard line.hasPrefix("\u{1D}") else {
                    lines.append(line)
                    continue
                }
                let state = line.dropFirst(2)
                if state != "00000" { throw Refused(sqlState: String(state)) }
                return lines
            }
            let chunk = self.pipes.output.availableData
            if chunk.isEmpty { throw Gone() }
            self.rest.withLock { $0.append(chunk) }
        }
    }

    private func nextLine() -> String? {
        self.rest.withLock { rest in
            guard let end = rest.firstIndex(of: 10) else { return nil }
            defer { rest = Data(rest[(end + 1)...]) }
            return String(decoding: rest[..<end], as: UTF8.self)
        }
    }
}

/// Opens transactions on a `psql` of their own, and kills the first one when it has run so many statements.
struct PsqlAdapter: TransactionAdapter {
    enum Kill: Sendable, Hashable, CaseIterable {
        case never, afterBegin, afterFence, afterRows, afterRecord, afterSendingCommit
    }

    let connectionString: String
    let kill: Kill
    let kills: Counter

    func withTransaction<Value: Sendable>(
        _ body: @Sendable (Watched) async throws -> Value
    ) async throws -> Value {
        let connection = Watched(
            psql: try PsqlConnection(self.connectionString),
            kill: self.kills.value == 0 ? self.kill : .never,
            kills: self.kills
        )
        defer { connection.psql.close() }
        _ = try await connection.psql.lines(of: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        connection.pass(.afterBegin)
        let value: Value
        do {
            value = try await body(connection)
        } catch {
            _ = try? await connection.psql.lines(of: "ROLLBACK")
            throw error
        }
        if connection.kill == .afterSendingCommit {
            try connection.psql.write("COMMIT;\n")
            connection.pass(.afterSendingCommit)
            throw PsqlConnection.Gone()
        }
        guard try await connection.psql.lines(of: "COMMIT") == ["COMMIT"] else { throw PsqlConnection.Gone() }
        return value
    }

    func isTransient(_ error: any Error) -> Bool { error is PsqlConnection.Gone }

    /// A connection that dies at its point.
    struct Watched: TransactionConnection {
        let psql: PsqlConnection
        let kill: Kill
        let kills: Counter

        func run(_ sql: String, _ parameters: [String?]) async throws -> [[String?]] {
            let rows = try await self.psql.run(sql, parameters)
            if sql.contains("begin_step") { self.pass(.afterFence) }
            if sql.contains("INSERT INTO reservation") { self.pass(.afterRows) }
            if sql.contains("record_step") { self.pass(.afterRecord) }
            return rows
        }

        func pass(_ point: Kill) {
            guard self.kill == point else { return }
            self.psql.kill()
            self.kills.next()
        }
    }
}

/// Counts across tasks.

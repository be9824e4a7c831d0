// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq
import Synchronization

/// Looks at the tables and at the files of the workers while a round goes on.
final class Monitor: Sendable {
    private struct State {
        /// How far each file was read.
        var offsets: [String: UInt64] = [:]
        var sightings: Set<Violation> = []
        var mostConnections = 0
        /// Whether nothing is left to do: everything has ended or is paused, children too.
        var isQuiet = false
        /// How many looks at the tables were begun and answered.
        var looks = 0
    }

    private let arena: Arena
    private let caller: Caller
    private let state = Mutex(State())

    init(_ arena: Arena, _ caller: Caller) {
        self.arena = arena
        self.caller = caller
    }

    var sightings: [Violation] { self.state.withLock { Array($0.sightings) } }
    var mostConnections: Int { self.state.withLock { $0.mostConnections } }
    var isQuiet: Bool { self.state.withLock { $0.isQuiet } }
    /// How many looks at the tables there have been.
    var looks: Int { self.state.withLock { $0.looks } }

    /// Looks until the task is cancelled.
    func run() async {
        var connection: PostgresConnection?
        defer { connection?.close() }
        var restores = 0
        while !Task.isCancelled {
            self.readFiles()
            do {
                if connection == nil {
                    connection = try await PostgresConnection.connect(self.arena.clientConfiguration)
                }
                if let connection { try await self.look(connection) }
            } catch {
                // The server is away, as it may be: the next look finds it.
                connection?.close()
                connection = nil
            }
            if self.arena.restores > restores {
                restores = self.arena.restores
                self.state.withLock { $0.isQuiet = false }
                self.caller.renew()
            }
            try? await Task.sleep(for: .milliseconds(60))
        }
    }

    private func look(_ connection: PostgresConnection) async throws {
        let rows = try await connection.query(
            """
            SELECT w.id, w.parent IS NULL, l.state::text, o.status::text FROM durable.workflow w
            LEFT JOIN durable.live l ON l.workflow_id = w.id
            LEFT JOIN durable.outcome o ON o.workflow_id = w.id
            """
        )
        var ended: [String: String] = [:]
        var unfinished = 0
        for row in rows {
            let id = try row.decode(0, as: String.self)
            let (state, status) = (try row.decode(2, as: String?.self), try row.decode(3, as: String?.self))
            if (state == nil) == (status == nil) {
                let words = "state \(state ?? "-") and status \(status ?? "-") in one snapshot"
                self.note(Violation(invariant: OneOutcome.name, workflow: id, words: words))
            }
            if let word = status ?? (state == "paused" ? state : nil) {
                if try row.decode(1, as: Bool.self) { ended[id] = word }
            } else {
                unfinished += 1
            }
        }
        self.caller.saw(ended: ended)
        for (words, query) in Self.limitQueries {
            if let seen = try await connection.query(Query(query)).first?.decode(0, as: String?.self) {
                self.note(Violation(invariant: "limits hold", workflow: nil, words: "\(words): \(seen)"))
            }
        }
        let most = try await connection.query(
            """
            SELECT coalesce(max(count), 0) FROM (
                SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'durable-faults-%'
                    AND application_name <> 'durable-faults-suite' GROUP BY application_name
            ) AS per
            """
        ).first?.decode(0, as: Int64.self)
        self.state.withLock { state in
            state.mostConnections = max(state.mostConnections, Int(most ?? 0))
            state.isQuiet = unfinished == 0
            state.looks += 1
        }
    }

    /// What must hold in every snapshot, however many processes take work at once.
    private static let limitQueries = [
        (
            "more run of a queue than its limit",
            """
            SELECT string_agg(q.name || ' has ' || l.count, ', ')
            FROM durable.queue q CROSS JOIN LATERAL (
                SELECT count(*) FROM durable.live l WHERE l.queue = q.name AND l.executor IS NOT NULL
            ) AS l WHERE l.count > q.concurrency
            """
        ),
        (
            "more run of a queue in a process than its limit",
            """
            SELECT string_agg(q.name || ' has ' || l.count || ' in ' || l.executor, ', ')
            FROM durable.queue q CROSS JOIN LATERAL (
                SELECT l.executor, count(*) FROM durable.live l WHERE l.queue = q.name AND l.executor IS NOT NULL
                GROUP BY l.executor
            ) AS l WHERE l.count > q.process_concurrency
            """
        ),
        (
            "more children of a group are under way than may be",
            """
            SELECT string_agg(g.parent || ' ' || g.place || ' has ' || l.count, ', ')
            FROM durable.child_group g CROSS JOIN LATERAL (
                SELECT count(*) FROM durable.live l
                WHERE l.parent = g.parent AND l.place = g.place AND l.executor IS NOT NULL
            ) AS l WHERE l.count > g.concurrency
            """
        ),
    ]

    private func note(_ violation: Violation) { self.state.withLock { _ = $0.sightings.insert(violation) } }

    /// Hands new lines to the caller, who does what they ask for.
    private func readFiles() {
        for path in self.arena.fleet.files {
            guard let file = FileHandle(forReadingAtPath: path) else { continue }
            defer { try? file.close() }
            let offset = self.state.withLock { $0.offsets[path] ?? 0 }
            guard (try? file.seek(toOffset: offset)) != nil, let data = try? file.readToEnd(),
                let end = data.lastIndex(of: UInt8(ascii: "\n"))
            else { continue }
            let whole = data[...end]
            self.state.withLock { $0.offsets[path] = offset + UInt64(whole.count) }
            for line in String(decoding: whole, as: UTF8.self).split(separator: "\n") {
                if let line = EffectLine(line) { self.caller.saw(line) }
            }
        }
    }

    // MARK: - At the end

    /// What is wrong with the sessions once nothing is left to do.
    ///
    /// A worker may replace what it has lost just now; it may not keep more than it is allowed, nor a transaction open.
    ///
    /// - Parameter limit: For how long what is wrong may last.
    func sessionTrouble(within limit: Duration = .seconds(60)) async -> [Violation] {
        var found: [Violation] = []
        for (words, query) in Self.sessionQueries {
            var seen = "nothing"
            do {
                try await Deadline.wait(words, within: limit, every: .milliseconds(200)) {
                    let connection = try await PostgresConnection.connect(self.arena.clientConfiguration)
                    defer { connection.close() }
                    seen = try await connection.query(Query(query)).first?.decode(0, as: String?.self) ?? ""
                    return seen.isEmpty
                }
            } catch {
                found.append(
                    Violation(invariant: "sessions", workflow: nil, words: "\(words); seen: \(seen); \(error)")
                )
            }
        }
        return found
    }

    private static let sessionQueries = [
        (
            "no session is left idle in a transaction",
            """
            SELECT string_agg(pid || ' ' || application_name || ' ' || state || ' ' || left(query, 100), ', ')
            FROM pg_stat_activity WHERE application_name LIKE 'durable-faults-%'
                AND application_name <> 'durable-faults-suite'
                AND state LIKE 'idle in transaction%' AND state_change < clock_timestamp() - interval '2 s'
            """
        ),
        (
            "no worker has more connections than it may have",
            """
            SELECT string_agg(application_name || ' has ' || count || ': ' || queries, ', ') FROM (
                SELECT application_name, count(*), string_agg(left(query, 90), ' | ') AS queries FROM pg_stat_activity
                WHERE application_name LIKE 'durable-faults-%' AND application_name <> 'durable-faults-suite'
                GROUP BY 1 HAVING count(*) > \(WorkerOptions.connections)
            ) AS per
            """
        ),
    ]
}

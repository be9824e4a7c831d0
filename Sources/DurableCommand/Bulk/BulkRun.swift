// SPDX-License-Identifier: Apache-2.0

import Libpq

/// Does something to one workflow after the other, each in a transaction of its own, and says what became of each.
struct BulkRun {
    let session: Session
    let deed: Deed
    let reason: String
    let selection: Selection

    func run() async throws {
        let ids = try await self.ids()
        guard let ids, !ids.isEmpty else { return }
        if self.selection.dryRun {
            for id in ids { try self.say(id, .done("would \(self.deed.verb)"), ok: .null) }
            return
        }
        if ids.count > 1 || self.deed.asksForOne || self.selection.ids.isEmpty {
            try self.session.terminal.confirm(
                "\(self.deed.verb) \(ids.count == 1 ? Printable.text(ids[0]) : Preview.count(Int64(ids.count)))?",
                isConfirmed: self.selection.asking.yes
            )
        }
        let refused = try await self.act(on: ids)
        guard ids.count > 1 || self.selection.ids.isEmpty else { return }
        self.session.terminal.remark("\(self.deed.verb): \(ids.count - refused) done, \(refused) refused")
        guard refused == 0 else { throw CommandFailure(.failed, "\(Preview.count(Int64(refused))) refused") }
    }

    // MARK: - Which

    /// The ids, all of them before anything is done: what is done changes what the filter selects.
    private func ids() async throws -> [String]? {
        guard self.selection.ids.isEmpty else {
            var seen: Set<String> = []
            return self.selection.ids.filter { seen.insert($0).inserted }
        }
        var filter = self.selection.filter
        if filter.state.isEmpty { filter.state = self.deed.states }
        let rows = try await self.session.records(
            self.session.statements.selection,
            filter.parameters(at: self.session.now)
        )
        self.session.terminal.remark(Preview.words(states: rows.map { $0["state"].words }))
        return rows.map { $0["id"].words }
    }

    // MARK: - Acting

    /// - Returns: How many were refused.
    private func act(on ids: [String]) async throws -> Int {
        var refused = 0
        for (index, id) in ids.enumerated() {
            let result: DeedResult
            do {
                result = try await self.act(on: id)
            } catch {
                // With one there is no more to say than why. With several, what is done is done, and told.
                guard ids.count > 1 else { throw error }
                self.session.terminal.remark("\(self.deed.verb): stopped behind \(index) of \(ids.count)")
                throw error
            }
            if !result.isDone {
                refused += 1
                guard ids.count > 1 || self.selection.ids.isEmpty else { throw CommandFailure(.failed, result.words) }
            }
            // On the terminal that shows the lines too, they go above it.
            if ids.count > 1 { self.session.terminal.progress("") }
            try self.say(id, result, ok: .flag(result.isDone))
            if ids.count > 1 { self.session.terminal.progress("\(self.deed.verb): \(index + 1) of \(ids.count)") }
        }
        self.session.terminal.progress("")
        await self.session.notify()
        return refused
    }

    private func act(on id: String) async throws -> DeedResult {
        do {
            let record = try await self.session.records(
                self.deed.statement(self.session.statements),
                [Parameter(id), Parameter(self.reason)]
            ).first
            return self.deed.reading(record?["result"] ?? .null)
        } catch let error as PostgresError where error.sqlState?.hasPrefix("DU") == true {
            guard self.selection.ids.count != 1 else { throw error }
            return .refused(CommandFailure(error, schema: self.session.schema).message)
        }
    }

    private func say(_ id: String, _ result: DeedResult, ok: Value) throws {
        guard !self.session.isJSON else {
            return try self.session.terminal.say(
                JSONLine.of(Record([("id", .text(id)), ("done", ok), ("result", .text(result.words))]))
            )
        }
        try self.session.terminal.say("\(Printable.text(id))  \(Printable.text(result.words))")
    }
}

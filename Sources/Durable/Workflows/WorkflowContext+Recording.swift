// SPDX-License-Identifier: Apache-2.0

/// Rows of a scope on their way to the database.
extension WorkflowContext {
    /// The database's time for the next record of this scope.
    func timestamp(at now: ContinuousClock.Instant = .now) -> Int64 { max(self.clock, self.engine.time(at: now)) }

    /// Puts a record on its way, after everything that this scope has put on its way before.
    ///
    /// - Parameter riders: What is written if and only if the record is.
    /// - Returns: The ticket to wait for.
    @discardableResult
    func submit(_ record: JournalRecord, riders: [Rider] = []) async throws -> Int {
        try await self.submit(record, as: riders.isEmpty ? .record(record) : .call(record, riders: riders))
    }

    /// Puts a record on its way with the children that it tells of: with a run that no longer owns the workflow it starts none.
    ///
    /// - Parameter group: The place of the open group whose last children these are.
    func submit(
        _ record: JournalRecord,
        starting children: [ChildStart],
        closing group: String? = nil
    ) async throws {
        let rows = [LineageRow.children(children)] + (group.map { [.closeGroup(place: $0)] } ?? [])
        let ticket = try await self.submit(record, as: .starting(record, rows))
        if let metrics = self.engine.metrics { for start in children { metrics[start.name].wasStarted() } }
        let notifier = self.engine.directory.notifier
        self.run.lane.whenDurable(ticket) { outcome in
            if case .success = outcome { notifier.post(.claim) }
        }
    }

    private func submit(_ record: JournalRecord, as row: WriteRow) async throws -> Int {
        if row.size > EngineCore.largeRecord { await self.engine.writer.waitForRoom() }
        let ticket = try self.enqueue(record, as: row)
        try await self.settle(ticket, record.place, phase: record.phase)
        return ticket
    }

    /// Hands a row to the writer.
    func enqueue(_ record: JournalRecord, as row: WriteRow) throws -> Int {
        try self.endReplay(record.kind, record.name, at: record.place)
        try self.checkMayRecord()
        guard let ticket = self.engine.writer.submit(row, for: self.run.lane) else {
            throw self.run.laneFailed()
        }
        self.lastTicket = ticket
        self.clock = record.at
        return ticket
    }

    /// Waits for a row that was handed to the writer, if rows are to be waited for.
    func settle(_ ticket: Int, _ place: Place, phase: Int16) async throws {
        if self.engine.options.durability == .immediate { try await self.waitUntilDurable(ticket) }
        self.checkpointed(place, phase: phase)
    }

    func waitUntilDurable(_ ticket: Int) async throws {
        self.engine.writer.look(for: ticket, of: self.run.lane)
        do {
            try await self.run.lane.waitUntilDurable(ticket)
        } catch {
            if self.run.isInterrupted { throw self.run.interruptionError }
            throw self.run.laneFailed()
        }
    }
}

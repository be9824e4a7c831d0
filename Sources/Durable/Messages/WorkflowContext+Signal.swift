// SPDX-License-Identifier: Apache-2.0

import Libpq

extension WorkflowContext {
    /// Sends a message to another workflow: once, whatever crashes.
    ///
    /// - Parameters:
    ///   - id: The workflow that it is for.
    ///   - name: The name under which that one receives it; 1 to 128 bytes.
    ///   - payload: What it holds.
    ///   - key: An idempotency key, 1 to 512 bytes: of several messages of one name with the same key the first one is kept.
    /// - Throws: A ``StepFailure`` with the code `workflowNotFound` or `workflowEnded`, now and on replay;
    ///   ``DurableError`` (`invalidArgument`, `unencodable`); ``WorkflowInterruption``.
    public func signal<T: Codable & Sendable>(
        _ id: String,
        _ name: String,
        _ payload: T,
        key: String? = nil
    ) async throws {
        let message = try OutgoingMessage(to: id, name, payload, key: key, coder: self.engine.coder)
        switch try await self.begin(.signal, name) {
        case .recorded(let recorded):
            _ = try await self.replay(recorded, as: Nothing.self)
        case .live(let call):
            // The workflow may have been started by a row that is still on its way.
            try await self.run.readyForEffect(after: self.lastTicket)
            var record = JournalRecord(
                place: call.place,
                phase: 0,
                kind: .signal,
                name: name,
                at: self.timestamp()
            )
            do {
                try await self.expectUnfinished(message)
            } catch let error as DurableError where error.code == .workflowNotFound || error.code == .workflowEnded {
                let recorded = RecordedError(recording: error, coder: self.engine.coder)
                record.error = recorded.encode(by: self.engine.coder)
                try await self.submit(record)
                throw recorded.failure
            }
            let row = SendRow(workflow: id, name: name, key: key, body: message.body)
            let ticket = try await self.submit(record, riders: [.send(row)])
            let notifier = self.engine.directory.notifier
            self.run.lane.whenDurable(ticket) { if case .success = $0 { notifier.post(.inbox) } }
        }
    }

    /// Sends a signal to another workflow.
    ///
    /// See ``signal(_:_:_:key:)-(_,String,_,_)``.
    public func signal<T>(_ id: String, _ signal: Signal<T>, _ payload: T, key: String? = nil) async throws {
        try await self.signal(id, signal.name, payload, key: key)
    }

    /// Repeats while the database is away.
    private func expectUnfinished(_ message: OutgoingMessage) async throws {
        var tries = 0
        while true {
            try self.checkAlive()
            do {
                return try await self.engine.directory.expectUnfinished(message)
            } catch let error as DurableError where error.code == .databaseUnavailable {
                tries += 1
                await Backoff.pause(tries)
            }
        }
    }
}

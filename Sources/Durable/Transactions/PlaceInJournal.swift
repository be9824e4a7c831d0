// SPDX-License-Identifier: Apache-2.0

import Libpq

/// Looks up what the journal holds at one place, when the fate of a transaction is not known.
struct PlaceInJournal {
    let place: Place
    let run: Run
    let engine: EngineCore

    /// The record that this run has written there; nil when there is none, and the workflow is still this run's.
    ///
    /// - Throws: `WorkflowInterruption` when another run owns the workflow, or has written the place.
    func ownRecord(kind: JournalKind, name: String) async throws -> JournalRecord? {
        let statements = self.engine.transactions
        let results = try await self.engine.pool.withConnection { connection in
            try await connection.run(
                Pipeline([
                    Statement(
                        statements.recorded,
                        [Parameter(self.run.id), Parameter(self.place.scope), Parameter(self.place.position)]
                    ),
                    Statement(statements.owner, [Parameter(self.run.id)]),
                ])
            )
        }
        let token = self.run.lane.token
        if let row = results[0].rows.first {
            guard try row.decode(0, as: Int64.self) == token else { throw self.superseded() }
            var record = JournalRecord(
                place: self.place,
                phase: 0,
                kind: kind,
                name: name,
                at: row.microseconds(3) ?? 0
            )
            record.output = row.bytes(1).map { .bytes($0) }
            record.error = row.bytes(2)
            return record
        }
        guard try results[1].rows.first?.decode(0, as: Int64?.self) == token else { throw self.superseded() }
        return nil
    }

    private func superseded() -> WorkflowInterruption {
        self.run.interrupt(Run.Interruption(cause: .superseded))
        return self.run.interruptionError
    }
}

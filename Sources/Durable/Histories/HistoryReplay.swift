// SPDX-License-Identifier: Apache-2.0

import Libpq
import Logging
import Synchronization

/// Follows an exported workflow with today's code: no database, no effect.
package struct HistoryReplay: Sendable {
    /// How far the code has followed.
    package enum Finding: Sendable, Equatable {
        /// To the end, and that was the end that is recorded.
        case ended
        /// To the end, where none is recorded yet.
        case endsNow
        /// To where the history ends; there it would go on with this call.
        case goesOn(String)
        /// Not to the end of the history: why, in words that a person can act on.
        case differs(String)
    }

    /// How a run that only replays came to its end.
    package enum End: Sendable {
        case stopped(JournalKind, String, Place)
        case outcome(OutcomeRow)
        case paused(error: [UInt8]?)
    }

    private let engine: DurableEngine
    private let ends: Ends

    /// The first end of a run counts.
    private final class Ends: Sendable {
        private let first = Mutex<End?>(nil)

        func note(_ end: End) { self.first.withLock { if $0 == nil { $0 = end } } }

        func take() -> End? {
            self.first.withLock { first in
                defer { first = nil }
                return first
            }
        }
    }

    /// Takes the code that is to follow.
    ///
    /// - Throws: What an engine throws that is made of these workflows.
    package init(workflows: [any Workflow]) throws {
        let ends = Ends()
        var options = EngineOptions()
        var hooks = EngineHooks()
        hooks.replayed = { ends.note($0) }
        options.hooks = hooks
        // Behind a closed gate no connection is opened, whoever asks for one.
        let gate = ConnectionGate()
        gate.close()
        var nowhere = PostgresConfiguration()
        nowhere.gate = gate
        self.ends = ends
        self.engine = try DurableEngine(
            database: nowhere,
            workflows: workflows,
            options: options,
            logger: Logger(label: "replay") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Replays one workflow.
    package func replay(_ export: WorkflowExport) async throws -> Finding {
        let asked = export.workflow
        guard let workflow = self.engine.registry[asked.name] else {
            return .differs("none of the workflows given is called \"\(asked.name)\"")
        }
        guard workflow.resumes.contains(asked.version) else {
            return .differs(
                "its version is \(asked.version), and this code resumes \(workflow.resumes.lowerBound) to \(workflow.resumes.upperBound)"
            )
        }
        let history = History(export.journal.map(\.record))
        let plan = RunPlan(
            id: asked.id,
            name: asked.name,
            version: asked.version,
            seed: asked.seed,
            input: asked.input.map { [UInt8]($0.utf8) },
            // Its time is long over; what that did stands in the history.
            deadline: nil,
            createdAt: asked.createdAt,
            history: history,
            isResumed: false,
            isSuspect: false,
            cleanUp: try CleanUp(in: history, coder: self.engine.coder)
        )
        let parts = EngineParts(of: self.engine)
        let last = export.journal.map(\.at).max() ?? asked.createdAt
        parts.core.executor.clock.observe(sent: .now, received: .now, database: last)
        await parts.core.replay(plan, workflow)
        await parts.abandon()
        return self.finding(export, self.ends.take())
    }

    private func finding(_ export: WorkflowExport, _ end: End?) -> Finding {
        switch end {
        case .stopped(let kind, let name, let place):
            let call = "\(kind.word) \"\(name)\" at \(place)"
            guard let outcome = export.outcome else { return .goesOn(call) }
            // A person or the time has ended it, wherever its code was.
            if outcome.status == "cancelled" || self.isTimeout(outcome) { return .ended }
            return .differs("it \(outcome.status) after what is recorded, and the code goes on with \(call)")
        case .paused(let error):
            let failure = error.flatMap { try? RecordedError(decoding: $0, by: self.engine.coder).failure }
            return .differs(failure?.message ?? "the run was paused")
        case .outcome(let row):
            guard let outcome = export.outcome else { return .endsNow }
            return self.compare(row, outcome)
        case nil:
            return export.outcome == nil ? .goesOn("what it has not recorded") : .ended
        }
    }

    private func isTimeout(_ outcome: WorkflowExport.Ended) -> Bool {
        let recorded = outcome.error.flatMap { try? RecordedError(decoding: [UInt8]($0.utf8), by: self.engine.coder) }
        return recorded?.type == "WorkflowTimeout"
    }

    private func compare(_ row: OutcomeRow, _ outcome: WorkflowExport.Ended) -> Finding {
        func error(_ bytes: [UInt8]?) -> String {
            guard let bytes, let recorded = try? RecordedError(decoding: bytes, by: self.engine.coder) else {
                return ""
            }
            return " with \(recorded.type): \(recorded.message)"
        }
        let recorded = outcome.error.map { [UInt8]($0.utf8) }
        if row.status.rawValue != outcome.status || error(row.error) != error(recorded) {
            return .differs(
                "it \(outcome.status)\(error(recorded)), and with this code it \(row.status.rawValue)\(error(row.error))"
            )
        }
        let isSame = (try? CanonicalJSON.equal(row.output, outcome.output.map { [UInt8]($0.utf8) })) ?? false
        guard isSame else {
            let now = row.output.map { String(decoding: $0, as: UTF8.self) } ?? "nothing"
            return .differs("it returned \(outcome.output ?? "nothing"), and with this code it returns \(now)")
        }
        return .ended
    }
}

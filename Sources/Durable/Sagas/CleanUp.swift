// SPDX-License-Identifier: Apache-2.0

/// Why a workflow undoes its steps, as the journal keeps it from before the first undo on: from then on nothing else of the
/// workflow is recorded.
package struct CleanUp: Codable, Sendable, Equatable {
    /// What ended the workflow.
    package enum Cause: String, Codable, Sendable {
        /// Its code threw.
        case failed
        /// Somebody asked for it.
        case cancelled
        /// It took longer than it may.
        case timedOut
    }

    package var cause: Cause
    /// What whoever cancelled it gave as the reason.
    package var reason: String?
    /// It ends even where the code does not know what the workflow has recorded; nil: not so.
    package var isInsistent: Bool?

    package init(_ cause: Cause, reason: String? = nil, isInsistent: Bool = false) {
        self.cause = cause
        self.reason = reason
        self.isInsistent = isInsistent ? true : nil
    }

    /// Where it is recorded: no call of a workflow's code has this scope.
    static let place = Place(scope: ScopePath.undo, position: 0)

    /// The row of the journal.
    func record(at time: Int64, coder: PayloadCoder) throws -> JournalRecord {
        var row = JournalRecord(place: Self.place, phase: 0, kind: .scope, name: ScopePath.undo, at: time)
        row.output = try coder.encode(self, as: "the beginning of the clean-up").map { .bytes($0) }
        return row
    }

    /// What a history says about it, if the clean-up had begun.
    ///
    /// - Throws: `DurableError.undecodable`.
    init?(in history: History, coder: PayloadCoder) throws {
        guard case .bytes(let bytes) = history[Self.place]?.result?.output else { return nil }
        self = try coder.decode(CleanUp.self, from: bytes)
    }

    /// What the code of the workflow may do in it.
    var frontier: Frontier { self.cause == .failed ? .failed : .cancelled }

    /// The scope in which the step at a place is undone.
    static func scope(of place: Place) -> String {
        "\(ScopePath.undo)/" + (place.scope.isEmpty ? "" : place.scope + "/") + "\(place.position)"
    }

    /// How a workflow ends after a clean-up that its own code did not ask for by failing.
    ///
    /// - Parameter remark: What a person should know besides.
    func outcome(at time: Int64, remark: String? = nil, coder: PayloadCoder) -> OutcomeRow? {
        guard var error = self.error else { return nil }
        if let remark { error.message = error.message.isEmpty ? remark : "\(error.message); \(remark)" }
        let status: WorkflowState = self.cause == .cancelled ? .cancelled : .failed
        return OutcomeRow(status: status, output: nil, error: error.encode(by: coder), at: time)
    }

    /// What views show while it lasts, and afterwards.
    var error: RecordedError? {
        switch self.cause {
        case .failed: nil
        case .cancelled: RecordedError(type: "WorkflowCancelled", message: self.reason ?? "")
        case .timedOut:
            RecordedError(
                type: "WorkflowTimeout",
                message: "the workflow did not end in the time that it was given"
            )
        }
    }
}

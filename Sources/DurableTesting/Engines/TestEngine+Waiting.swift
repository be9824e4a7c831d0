// SPDX-License-Identifier: Apache-2.0

public import Durable
import Libpq

extension TestEngine {
    /// Waits for the end of a workflow, and says where it stands when that does not come.
    ///
    /// A workflow that is paused needs a person, who is not there in a test: that ends the wait at once.
    ///
    /// - Parameters:
    ///   - type: The workflow.
    ///   - id: Its id.
    ///   - limit: How long to wait, in real time.
    /// - Returns: What its `run` returned.
    /// - Throws: What its `run` threw, as its handle does; ``TestFailure`` with state, step, error and history when it is
    ///   paused, or not at its end in time.
    @discardableResult
    public func result<W: Workflow>(
        of type: W.Type,
        _ id: String,
        within limit: Duration = .seconds(60)
    ) async throws -> W.Output {
        try await self.wait(for: "its end", of: id, within: limit) { $0.state.isFinal }
        return try await self.engine.handle(type, id: id).result()
    }

    /// Waits until a workflow is in a state.
    ///
    /// - Parameters:
    ///   - state: The state.
    ///   - id: The workflow's id.
    ///   - limit: How long to wait, in real time.
    /// - Throws: ``TestFailure`` with state, step, error and history, when it ends or pauses instead, or the time is over.
    public func wait(for state: WorkflowState, of id: String, within limit: Duration = .seconds(60)) async throws {
        try await self.wait(for: "the state \(state.rawValue)", of: id, within: limit) { $0.state == state }
    }

    /// Waits until a step has its result, or has failed for good.
    ///
    /// - Parameters:
    ///   - step: The step as people see it: `charge`, or `charge#2` for the second of that name in its scope.
    ///   - id: The workflow's id.
    ///   - limit: How long to wait, in real time.
    /// - Throws: ``TestFailure`` with state, step, error and history, when the workflow ends or pauses instead, or the time is
    ///   over.
    public func wait(forStep step: String, of id: String, within limit: Duration = .seconds(60)) async throws {
        try await self.wait(for: "the end of step \"\(step)\"", of: id, within: limit) { $0.hasEnded(step) }
    }

    /// Where a workflow stands, in words: state, step, what it waits for, error, and history.
    public func explain(_ id: String) async throws -> String {
        try await self.sight(of: id).description
    }

    private func wait(
        for what: String,
        of id: String,
        within limit: Duration,
        until condition: (WorkflowSight) -> Bool
    ) async throws {
        let end = ContinuousClock.now + limit
        while true {
            let sight = try await self.sight(of: id)
            if condition(sight) { return }
            if sight.state == .paused || sight.state.isFinal {
                throw TestFailure("waited for \(what), and that will not come: \(sight)")
            }
            guard ContinuousClock.now < end else {
                throw TestFailure("waited for \(what), which did not come within \(limit): \(sight)")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    func sight(of id: String) async throws -> WorkflowSight {
        let connection = try await PostgresConnection.connect(self.database.configuration)
        defer { connection.close() }
        return try await WorkflowSight(of: id, schema: self.schema, on: connection)
    }
}

extension WorkflowState {
    /// Whether nothing comes after it.
    var isFinal: Bool { self == .succeeded || self == .failed || self == .cancelled }
}

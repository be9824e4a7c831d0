// SPDX-License-Identifier: Apache-2.0

extension Run {
    /// Runs the workflow's code among what the service has put around runs.
    func surrounded<T>(_ program: @escaping () async throws -> T) async throws -> T {
        guard let surroundings = self.engine.surroundings else { return try await program() }
        let call = RunCall(workflowID: self.id, workflowName: self.plan.name, isResumed: self.plan.isResumed)
        return try await surroundings.run(call, program)
    }

    /// Runs the body of an attempt among what the service has put around steps.
    func surrounded<T>(_ step: @autoclosure () -> StepCall, _ body: @escaping () async throws -> T) async throws -> T {
        guard let surroundings = self.engine.surroundings else { return try await body() }
        return try await surroundings.step(step(), body)
    }

    /// Starts children among what the service has put around that.
    func surrounded<T>(
        _ children: [ChildStart],
        _ body: @escaping () async throws -> T
    ) async throws -> T {
        guard let surroundings = self.engine.surroundings, let first = children.first else { return try await body() }
        let call = ChildCall(
            workflowID: self.id,
            workflowName: self.plan.name,
            childName: first.name,
            childIDs: children.map { $0.id }
        )
        return try await surroundings.child(call, body)
    }
}

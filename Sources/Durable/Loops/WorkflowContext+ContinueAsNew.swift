// SPDX-License-Identifier: Apache-2.0

extension WorkflowContext {
    /// Begins the workflow anew, under the same id and with another input: for loops without an end, whose journal would grow
    /// for ever.
    ///
    /// In one transaction the journal is cut and the workflow is queued; messages that nobody has received yet stay, and so do
    /// children. Whoever waits for `handle.result()` waits for the last of the chain. The workflow's timeout counts from its
    /// first start. Undos of steps are given up: what was done before counts as done.
    ///
    /// ```swift
    /// func run(_ month: Month, in workflow: WorkflowContext) async throws -> Nothing {
    ///     try await workflow.step("bill") { step in try await billing.bill(month, step) }
    ///     try await workflow.sleep(until: .monthly(day: 1, at: 9, in: .gmt))
    ///     try await workflow.continueAsNew(MonthlyBilling.self, month.next)
    /// }
    /// ```
    ///
    /// It never returns: it throws ``WorkflowInterruption``, which must pass. Where it is caught, the workflow begins anew all
    /// the same.
    ///
    /// - Parameters:
    ///   - type: The workflow itself.
    ///   - input: What its `run` is given next.
    /// - Throws: ``WorkflowInterruption``. ``DurableError`` (`invalidArgument`) in a branch, or for another workflow's type;
    ///   `unencodable` for an input that cannot be recorded. Then nothing has changed.
    public func continueAsNew<W: Workflow>(_ type: W.Type, _ input: W.Input) async throws -> Never {
        try self.checkAlive()
        guard W.name == self.run.plan.name else {
            throw DurableError(
                .invalidArgument,
                "a workflow \(self.run.plan.name) cannot continue as \(W.name): start that as a child",
                workflow: self.run.id
            )
        }
        guard !self.branch.isOfGroup else {
            throw DurableError(
                .invalidArgument,
                "a workflow cannot begin anew from within a branch: its other branches would be lost. Let the group end first",
                workflow: self.run.id
            )
        }
        let output = try self.engine.coder.encode(
            input,
            as: "the next input of workflow \(W.name)",
            of: PayloadSubject(.input, workflow: W.name)
        )
        // Whatever the history has beyond this call does not match the code.
        try self.finishScope()
        try await self.reachFrontier()
        var record = JournalRecord(
            place: Place(scope: "", position: -(self.run.plan.generation + 1)),
            phase: 0,
            kind: .continuation,
            name: JournalKind.continuation.word,
            at: self.timestamp()
        )
        record.output = output.map { .bytes($0) }
        self.run.interrupt(Run.Interruption(cause: .continued, continuation: record))
        throw self.run.interruptionError
    }
}

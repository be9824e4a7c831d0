// SPDX-License-Identifier: Apache-2.0

extension WorkflowContext {
    /// Runs a step: at least once, and records its result once.
    ///
    /// After a crash a recorded step returns what it returned.
    ///
    /// ```swift
    /// let charge = try await workflow.step("charge", retry: .exponential(attempts: 5), timeout: .seconds(30)) { step in
    ///     try await payments.charge(order.total, idempotencyKey: step.idempotencyKey)
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - name: What it is called in the journal, views and logs; 1 to 128 bytes.
    ///   - retry: When a failed attempt is followed by another; nil: the engine's default.
    ///   - timeout: How long one attempt may take. It is cancelled then, and counts as failed; where it ignores
    ///     cancellation it may still run beside the next one.
    ///   - failures: Error types of this step, besides those of the workflow, that are thrown again as themselves on replay.
    ///   - inputs: What is compared on replay, so that a change of the inputs is seen; by default nothing.
    ///   - body: The work. It runs on the caller's executor, and may use task groups, actors and the main actor.
    /// - Returns: What the body returned, now or before a crash.
    /// - Throws: What the last attempt threw: an error of the declared types as itself, any other as a ``StepFailure``.
    ///   ``WorkflowInterruption`` when this run of the workflow is over.
    @discardableResult
    public func step<T: Codable & Sendable>(
        _ name: String,
        retry: RetryPolicy? = nil,
        timeout: Duration? = nil,
        failures: [any (Error & Codable & Sendable).Type] = [],
        inputs: StepInputs = .none,
        _ body: @escaping @Sendable (StepContext) async throws -> T
    ) async throws -> T {
        try await self.step(
            name,
            retry: retry,
            timeout: timeout,
            failures: failures,
            inputs: inputs,
            undoing: nil,
            body
        )
    }

    /// The same for a step that may have an undo.
    func step<T: Codable & Sendable>(
        _ name: String,
        retry: RetryPolicy?,
        timeout: Duration?,
        failures: [any (Error & Codable & Sendable).Type],
        inputs: StepInputs,
        undoing undo: Undo<T>?,
        _ body: @escaping @Sendable (StepContext) async throws -> T
    ) async throws -> T {
        if let timeout { try StepTimeout.check(timeout, of: name) }
        let starting: ((Place) -> Void)? = if let undo { { self.run.register(undo.entry(at: $0, nil)) } } else { nil }
        let call =
            if let call = try self.beginAtOnce(.step, name, inputs: inputs, starting: starting) {
                call
            } else {
                try await self.begin(.step, name, inputs: inputs, starting: starting)
            }
        switch call {
        case .recorded(let recorded):
            starting?(recorded.record.place)
            return try await self.recall(recorded, failures: failures, undoing: undo)
        case .live(let call):
            let attempts = try Attempts(of: call, retry: retry, context: self)
            while true {
                // What ``Attempts/next(timeout:context:)`` does, with nothing in between that would wait along.
                if attempts.isDelayed { try await attempts.waitUntilDue(self) }
                let now =
                    if let now = self.run.readyAtOnce(after: self.lastTicket) {
                        now
                    } else {
                        try await self.run.readyForEffect(after: self.lastTicket)
                    }
                let step = try attempts.begin(at: now, timeout: timeout, context: self)
                do {
                    let value = try await self.attempt(step, timeout: timeout, body)
                    let output = try self.encode(value, of: call)
                    // What it has appended to streams is durable before it.
                    step.running.flushStreams()
                    if try !attempts.succeedAtOnce(with: output, context: self) {
                        try await attempts.succeed(with: output, context: self)
                    }
                    if let undo { self.run.register(undo.entry(at: call.place, value)) }
                    return value
                } catch {
                    try await attempts.failed(error, failures: failures, context: self)
                }
            }
        }
    }

    /// Runs a step that returns nothing.
    ///
    /// See ``step(_:retry:timeout:failures:inputs:_:)-(_,_,_,_,_,(StepContext)->T)``.
    public func step(
        _ name: String,
        retry: RetryPolicy? = nil,
        timeout: Duration? = nil,
        failures: [any (Error & Codable & Sendable).Type] = [],
        inputs: StepInputs = .none,
        _ body: @escaping @Sendable (StepContext) async throws -> Void
    ) async throws {
        _ = try await self.step(name, retry: retry, timeout: timeout, failures: failures, inputs: inputs) { step in
            try await body(step)
            return Nothing()
        }
    }

    /// Runs one attempt, in place, or beside a clock when it has a timeout.
    func attempt<T: Sendable>(
        _ step: StepContext,
        timeout: Duration?,
        _ body: @escaping @Sendable (StepContext) async throws -> T
    ) async throws -> T {
        self.run.attemptBegan(step.running)
        defer { self.run.attemptEnded(step.running) }
        if timeout == nil, !self.engine.watchesSteps { return try await body(step) }
        return try await self.watchedAttempt(step, timeout: timeout, body)
    }

    /// The same, seen by interceptors and traced.
    private func watchedAttempt<T: Sendable>(
        _ step: StepContext,
        timeout: Duration?,
        _ body: @escaping @Sendable (StepContext) async throws -> T
    ) async throws -> T {
        let sight = StepCall(step.running.call, attempt: step.attempt, run: self.run)
        let run = self.run
        return try await run.traced(sight) {
            try await self.boundedAttempt(step, timeout: timeout) { step in
                try await run.surrounded(sight) { try await body(step) }
            }
        }
    }

    private func boundedAttempt<T: Sendable>(
        _ step: StepContext,
        timeout: Duration?,
        _ body: @escaping @Sendable (StepContext) async throws -> T
    ) async throws -> T {
        guard self.engine.options.hooks == nil else {
            return try await self.attemptUnderTest(step, timeout: timeout, body)
        }
        guard let timeout else { return try await body(step) }
        return try await withTimeout(timeout, name: step.step) { try await body(step) }
    }

    /// The result of a step as it is recorded.
    @inline(never)
    func encode<T: Encodable>(_ value: T, of call: LiveCall) throws -> [UInt8]? {
        try self.engine.coder.encode(
            value,
            as: "the result of \(call.kind.word) \"\(call.label)\"",
            of: PayloadSubject(.step, workflow: self.run.plan.name, name: call.name)
        )
    }
}

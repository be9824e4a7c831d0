// SPDX-License-Identifier: Apache-2.0

extension WorkflowContext {
    /// Looks again and again until something is the case; between two looks the workflow holds no slot and, past a short while,
    /// no memory.
    ///
    /// Two rows of the journal in all, however often it looks. A look that throws counts as a failed attempt under `retry`, and
    /// failed attempts are recorded.
    ///
    /// ```swift
    /// let export = try await workflow.poll("export ready", every: .exponential(first: .seconds(5))) { step in
    ///     try await api.export(job)
    /// } until: { export in export.isReady }
    /// ```
    ///
    /// - Parameters:
    ///   - name: What it is called in the journal, views and logs; 1 to 128 bytes.
    ///   - interval: When it looks again.
    ///   - retry: When a look that threw is followed by another; nil: the engine's default. The delay is the policy's.
    ///   - failures: Error types that are thrown again as themselves on replay.
    ///   - look: One look, at least once per round: it may be repeated after a crash.
    ///   - until: Whether that is what it waits for.
    /// - Returns: The first value that `until` accepts.
    /// - Throws: What the last failed look threw, as for a step.
    public func poll<T: Codable & Sendable>(
        _ name: String,
        every interval: PollInterval,
        retry: RetryPolicy? = nil,
        failures: [any (Error & Codable & Sendable).Type] = [],
        _ look: @escaping @Sendable (StepContext) async throws -> T,
        until: @escaping @Sendable (T) -> Bool
    ) async throws -> T {
        let value = try await self.poll(name, interval, within: nil, retry, failures, look, until)
        guard let value else { throw WorkflowInterruption(.superseded) }
        return value
    }

    /// Looks again and again until something is the case, or a time is over.
    ///
    /// - Parameters:
    ///   - name: What it is called in the journal, views and logs; 1 to 128 bytes.
    ///   - interval: When it looks again.
    ///   - limit: How long it looks, by the database's clock, from the first look; it looks once in any case.
    ///   - retry: When a look that threw is followed by another; nil: the engine's default.
    ///   - failures: Error types that are thrown again as themselves on replay.
    ///   - look: One look.
    ///   - until: Whether that is what it waits for.
    /// - Returns: The first value that `until` accepts; nil when the time was over before.
    /// - Throws: What the last failed look threw, as for a step.
    public func poll<T: Codable & Sendable>(
        _ name: String,
        every interval: PollInterval,
        within limit: Duration,
        retry: RetryPolicy? = nil,
        failures: [any (Error & Codable & Sendable).Type] = [],
        _ look: @escaping @Sendable (StepContext) async throws -> T,
        until: @escaping @Sendable (T) -> Bool
    ) async throws -> T? {
        try await self.poll(name, interval, within: limit, retry, failures, look, until)
    }

    private func poll<T: Codable & Sendable>(
        _ name: String,
        _ interval: PollInterval,
        within limit: Duration?,
        _ retry: RetryPolicy?,
        _ failures: [any (Error & Codable & Sendable).Type],
        _ look: @escaping @Sendable (StepContext) async throws -> T,
        _ until: @Sendable (T) -> Bool
    ) async throws -> T? {
        try interval.validate()
        if let limit { try DatabaseTime.check(limit, as: "the poll \(name)") }
        switch try await self.begin(.poll, name) {
        case .recorded(let recorded):
            return try await self.replay(recorded, as: T?.self, failures: failures)
        case .live(let call):
            let start = try await self.beginPoll(call)
            let deadline = limit.map { DatabaseTime.adding($0, to: start) }
            let attempted = LiveCall(
                place: call.place,
                kind: call.kind,
                name: call.name,
                label: call.label,
                notes: call.notes.filter { $0.phase != Self.pollStart },
                fingerprint: call.fingerprint
            )
            let attempts = try Attempts(of: attempted, retry: retry, context: self)
            while true {
                let step = try await attempts.next(timeout: nil, context: self)
                do {
                    let value = try await self.attempt(step, timeout: nil, look)
                    let isOver = deadline.map { self.engine.now() >= $0 } ?? false
                    if until(value) || isOver {
                        let result: T? = until(value) ? value : nil
                        try await attempts.succeed(with: self.encode(result, of: call), context: self)
                        return result
                    }
                } catch {
                    try await attempts.failed(error, failures: failures, context: self)
                    continue
                }
                let due = interval.next(after: self.engine.now(), start: start)
                try await self.run.wait(
                    until: min(due, deadline ?? due),
                    for: Awaited("poll \(call.label)"),
                    in: self.branch
                )
            }
        }
    }

    /// The note of a poll's beginning stands behind those of its failed attempts.
    private static let pollStart = Int16.max

    /// When the poll began, which is recorded before the first look.
    private func beginPoll(_ call: LiveCall) async throws -> Int64 {
        if let note = call.notes.first(where: { $0.phase == Self.pollStart }) {
            // Taken up again, at a time that was computed before: look at once.
            return note.at
        }
        var note = JournalRecord(
            place: call.place,
            phase: Self.pollStart,
            kind: .poll,
            name: call.name,
            at: self.timestamp()
        )
        note.attempt = 0
        try await self.submit(note)
        return note.at
    }
}

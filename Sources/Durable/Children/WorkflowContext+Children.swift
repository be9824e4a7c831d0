// SPDX-License-Identifier: Apache-2.0

import Libpq

extension WorkflowContext {
    /// Starts another workflow as a child, and goes on without waiting for it.
    ///
    /// Its id is made from this workflow and this call, so that a replay finds the same child. Any process that offers the
    /// type runs it.
    ///
    /// - Parameters:
    ///   - type: The workflow.
    ///   - input: What its `run` is given.
    ///   - onParentEnd: What becomes of it when this workflow is cancelled, fails or runs out of time.
    /// - Returns: The child: its id, and a way to wait for its result.
    /// - Throws: ``DurableError`` (`unencodable`) for an input that cannot be recorded; ``WorkflowInterruption``.
    @discardableResult
    public func start<W: Workflow>(
        _ type: W.Type,
        _ input: W.Input,
        onParentEnd: ParentEndPolicy = .cancel
    ) async throws -> ChildWorkflow<W.Output> {
        let call = try await self.begin(.child, W.name)
        self.run.noteChildren()
        switch call {
        case .recorded(let recorded):
            return ChildWorkflow(type, key: self.run.key(of: recorded.record.place))
        case .live(let call):
            let child = ChildWorkflow(type, key: self.run.key(of: call.place))
            try await self.startChild(type, input, child.id, onParentEnd, call, phase: 0)
            return child
        }
    }

    /// Starts a child that takes no input.
    @discardableResult
    public func start<W: Workflow>(
        _ type: W.Type,
        onParentEnd: ParentEndPolicy = .cancel
    ) async throws -> ChildWorkflow<W.Output> where W.Input == Nothing {
        try await self.start(type, Nothing(), onParentEnd: onParentEnd)
    }

    /// Runs another workflow as a child, and waits for its result; the waiting workflow holds no memory after a short while.
    ///
    /// ```swift
    /// let number = try await workflow.child(Invoice.self, order)
    /// ```
    ///
    /// - Parameters:
    ///   - type: The workflow.
    ///   - input: What its `run` is given.
    /// - Returns: What its `run` returned.
    /// - Throws: What its `run` threw: an error that it, or this workflow, declares as itself, any other as a ``StepFailure``;
    ///   that of one that was cancelled has the type `WorkflowCancelled`, and the reason as its message.
    @discardableResult
    public func child<W: Workflow>(_ type: W.Type, _ input: W.Input) async throws -> W.Output {
        switch try await self.begin(.child, W.name) {
        case .recorded(let recorded):
            return try await self.replay(recorded, as: W.Output.self, failures: W.failures)
        case .live(let call):
            self.run.noteChildren()
            let child = ChildWorkflow(type, key: self.run.key(of: call.place))
            if call.notes.isEmpty {
                try await self.startChild(type, input, child.id, .cancel, call, phase: 1)
            }
            return try await self.awaitChild(child, call)
        }
    }

    /// Runs a child that takes no input, and waits for its result.
    @discardableResult
    public func child<W: Workflow>(_ type: W.Type) async throws -> W.Output where W.Input == Nothing {
        try await self.child(type, Nothing())
    }

    // MARK: - Parts

    private func startChild<W: Workflow>(
        _ type: W.Type,
        _ input: W.Input,
        _ id: String,
        _ policy: ParentEndPolicy,
        _ call: LiveCall,
        phase: Int16
    ) async throws {
        let start = try self.childStart(type, input, id: id, place: id, follows: policy == .cancel)
        try await self.run.surrounded([start]) {
            try await self.submit(
                JournalRecord(place: call.place, phase: phase, kind: .child, name: W.name, at: self.timestamp()),
                starting: [start]
            )
        }
    }

    func childStart<W: Workflow>(
        _ type: W.Type,
        _ input: W.Input,
        id: String,
        place: String,
        follows: Bool,
        isHeld: Bool = false
    ) throws -> ChildStart {
        let start = try WorkflowStart(type, input, id: id, coder: self.engine.coder)
        let now = self.timestamp()
        return ChildStart(
            id: id,
            name: start.name,
            version: start.version,
            input: start.input,
            deadline: start.timeout.map { DatabaseTime.adding($0, to: now) },
            at: now,
            place: place,
            follows: follows,
            isHeld: isHeld,
            trace: self.engine.tracing?.carrier(of: self.run.span.context)
        )
    }

    /// Puts a row on its way that is no record, after everything that this scope has put on its way before.
    func submit(_ row: LineageRow, announcing: Bool = false) async throws {
        if row.size > EngineCore.largeRecord { await self.engine.writer.waitForRoom() }
        try self.checkAlive()
        guard let ticket = self.engine.writer.submit(.lineage(row), for: self.run.lane) else {
            throw self.run.laneFailed()
        }
        self.lastTicket = ticket
        if case .children(let starts) = row, let metrics = self.engine.metrics {
            for start in starts { metrics[start.name].wasStarted() }
        }
        if announcing {
            let notifier = self.engine.directory.notifier
            self.run.lane.whenDurable(ticket) { outcome in
                if case .success = outcome { notifier.post(.claim) }
            }
        }
    }

    /// Waits until no child of a call is left.
    func awaitChildren(at place: String, of name: String) async throws {
        try await self.run.readyForEffect(after: self.lastTicket)
        let statement = Statement(self.engine.directory.lineage.isLeft, [Parameter(self.run.id), Parameter(place)])
        while true {
            try self.checkAlive()
            let rows = try await self.engine.read([statement], for: self.run)[0].rows
            guard let row = rows.first else { throw self.run.laneFailed() }
            let (mailbox, isLeft) = try row.decode((Int64, Bool).self)
            guard isLeft else { return }
            try await self.run.wait(
                until: nil,
                for: Awaited("child \(name)", topic: "child:\(place)"),
                seen: mailbox,
                in: self.branch
            )
        }
    }

    /// Waits for one child, and records how it ended.
    func awaitChild<Output>(_ child: ChildWorkflow<Output>, _ call: LiveCall) async throws -> Output {
        try await self.awaitChildren(at: child.place, of: child.name)
        let end = try await self.outcomes(of: [child.id])[0]
        var record = JournalRecord(place: call.place, phase: 0, kind: .child, name: call.name, at: self.timestamp())
        if end.ok {
            record.output = end.value.map { .bytes([UInt8]($0.utf8)) }
        } else {
            record.error = end.error.map { [UInt8]($0.utf8) }
        }
        try await self.submit(record)
        return try await self.replay(RecordedCall(record, label: call.label), as: Output.self, failures: child.failures)
    }

    /// How children have ended, in the order of their ids.
    func outcomes(of ids: [String]) async throws -> [ChildEnd] {
        var column = ArrayColumn(.text)
        for id in ids { column.append(id) }
        let statement = Statement(self.engine.directory.lineage.outcomes, [column.parameter])
        return try await self.engine.read([statement], for: self.run)[0].rows.map { row in
            func text(_ column: Int) -> String? { row.bytes(column).map { String(decoding: $0, as: UTF8.self) } }
            switch try row.decode(0, as: String?.self) {
            case "succeeded": return ChildEnd(ok: true, value: text(1))
            case nil:
                let gone = RecordedError(
                    type: "WorkflowNotFound",
                    message: "the child was deleted before its parent had its result"
                )
                return ChildEnd(ok: false, error: String(decoding: gone.encode(by: self.engine.coder), as: UTF8.self))
            default: return ChildEnd(ok: false, error: text(2))
            }
        }
    }
}

extension ChildWorkflow {
    /// A child that starts alone is known by its call.
    init<W: Workflow>(_ type: W.Type, key: String) where W.Output == Output {
        self.init(id: key, name: W.name, place: key, failures: W.failures)
    }
}

extension EngineCore {
    /// Reads for a run, however often the connection is lost meanwhile.
    func read(_ statements: [Statement], for run: Run) async throws -> [StatementResult] {
        var tries = 0
        while true {
            do {
                return try await self.pool.withConnection { try await $0.run(Pipeline(statements)) }
            } catch let error as PostgresError where error.isUnavailable {
                try run.checkAlive()
                tries += 1
                await Backoff.pause(tries)
            } catch let error as PostgresError where error.code == .cancelled {
                try run.checkAlive()
                throw WorkflowInterruption(.decided)
            }
        }
    }
}

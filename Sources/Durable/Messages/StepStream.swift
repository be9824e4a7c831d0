// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A stream that a step appends to while it runs; made by ``StepContext/stream(_:)``.
///
/// ```swift
/// let answer = try await workflow.step("answer") { step in
///     let stream = step.stream("tokens")
///     var text = ""
///     for try await token in model.tokens(for: question) {
///         try stream.append(token)
///         text += token
///     }
///     return text
/// }
/// ```
///
/// Elements are counted per attempt. A retried attempt that appends again what the one before has appended adds nothing, so
/// that readers see each element once; let it begin from the start, and in the same order.
public final class StepStream: Sendable {
    private struct State {
        var next: Int32 = 0
        var waiting: [Rider] = []
        var isSending = false
    }

    private let name: String
    private let place: Place
    private let run: Run
    private let state = Mutex(State())

    init(_ name: String, at place: Place, of run: Run) {
        self.name = name
        self.place = place
        self.run = run
    }

    /// Appends an element, without waiting: what comes while a batch is on its way goes with the next.
    ///
    /// All of it is durable before the result of the step is.
    ///
    /// - Throws: ``DurableError`` (`unencodable`, `invalidArgument` for a name that cannot be one).
    public func append<T: Codable & Sendable>(_ element: T) throws {
        try IdentifierRules.check(name: self.name, of: .stream)
        let body = try self.run.engine.coder.encode(
            element,
            as: "an element of stream \"\(self.name)\"",
            of: PayloadSubject(.message, workflow: self.run.plan.name, name: self.name)
        )
        let isFirst = self.state.withLock { state in
            let row = StreamRow(stream: self.name, place: self.place, number: state.next, body: body)
            state.next += 1
            state.waiting.append(.append(row))
            defer { state.isSending = true }
            return !state.isSending
        }
        if isFirst { self.send() }
    }

    private func send() {
        let riders = self.state.withLock { state -> [Rider] in
            defer { state.waiting = [] }
            if state.waiting.isEmpty { state.isSending = false }
            return state.waiting
        }
        guard !riders.isEmpty else { return }
        let lane = self.run.lane
        guard let ticket = self.run.engine.writer.submit(.riders(riders), for: lane) else { return }
        lane.whenDurable(ticket) { outcome in
            // On a thread of its own: whoever tells of the commit has others to tell.
            if case .success = outcome { Task.detached { self.send() } }
        }
    }

    /// Puts what still waits on its way, in front of the record of the step.
    func flush() {
        let riders = self.state.withLock { state -> [Rider] in
            defer { state.waiting = [] }
            return state.waiting
        }
        if !riders.isEmpty { self.run.engine.writer.submit(.riders(riders), for: self.run.lane) }
    }
}

extension StepContext {
    /// A stream that this step appends to; readers outside see it while the step runs.
    ///
    /// - Parameter name: 1 to 128 bytes; the same stream that the workflow and its other steps append to under this name.
    public func stream(_ name: String) -> StepStream { self.running.stream(name) }
}

extension WorkflowContext {
    /// Appends an element to a stream of the workflow, once, whatever crashes.
    ///
    /// Readers outside see the elements in order; the stream is closed when the workflow has ended.
    ///
    /// - Parameters:
    ///   - element: What readers see.
    ///   - name: The stream, 1 to 128 bytes.
    /// - Throws: ``DurableError`` (`unencodable`, `invalidArgument`); ``WorkflowInterruption``.
    public func append<T: Codable & Sendable>(_ element: T, to name: String) async throws {
        let body = try self.engine.coder.encode(
            element,
            as: "an element of stream \"\(name)\"",
            of: PayloadSubject(.message, workflow: self.run.plan.name, name: name)
        )
        guard case .live(let call) = try await self.begin(.stream, name) else { return }
        let record = JournalRecord(place: call.place, phase: 0, kind: .stream, name: name, at: self.timestamp())
        let row = StreamRow(stream: name, place: call.place, number: 0, body: body)
        try await self.submit(record, riders: [.append(row)])
    }
}

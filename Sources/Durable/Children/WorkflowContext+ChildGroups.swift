// SPDX-License-Identifier: Apache-2.0

extension WorkflowContext {
    /// Runs a child per input, and waits until all have ended.
    ///
    /// The children are workflows of their own, run by any process that offers the type. Fifty thousand of them cost this
    /// workflow a row for each mebibyte of results, and it is woken once.
    ///
    /// ```swift
    /// let results = try await workflow.children(Resize.self, images, maxConcurrent: 500, tolerate: .count(10))
    /// let failed = results.filter { if case .failure = $0 { true } else { false } }
    /// ```
    ///
    /// - Parameters:
    ///   - type: The workflow.
    ///   - inputs: What the `run` of each is given.
    ///   - maxConcurrent: How many of them are under way at a time, in all processes together; nil: no limit.
    ///   - tolerate: How many may fail. One more cancels the others, and the call throws when these have ended.
    /// - Returns: A result per input, in order. The error of a child that was cancelled is a ``StepFailure`` of the type
    ///   `WorkflowCancelled`.
    /// - Throws: A ``StepFailure`` of the type `ChildrenFailed` when more failed than are tolerated; ``DurableError``
    ///   (`invalidArgument`, `unencodable`) before any child is started.
    public func children<W: Workflow>(
        _ type: W.Type,
        _ inputs: [W.Input],
        maxConcurrent: Int? = nil,
        tolerate: FailureTolerance = .any
    ) async throws -> [Result<W.Output, any Error>] {
        let tolerated = try tolerate.tolerated(of: inputs.count)
        if let maxConcurrent, maxConcurrent < 1 {
            throw DurableError(
                .invalidArgument,
                "a group of children needs at least one at a time; maxConcurrent is \(maxConcurrent)",
                workflow: self.run.id
            )
        }
        switch try await self.begin(.child, W.name) {
        case .recorded(let recorded):
            self.run.noteChildren()
            return try await self.recallChildren(type, recorded)
        case .live(let call):
            self.run.noteChildren()
            let key = self.run.key(of: call.place)
            let digits = String(max(0, inputs.count - 1)).utf8.count
            let ids = inputs.indices.map { index in
                let number = String(index)
                return "\(key)/" + String(repeating: "0", count: digits - number.utf8.count) + number
            }
            if !call.notes.contains(where: { $0.phase == 1 }) {
                try await self.startChildren(type, inputs, ids, key, call, maxConcurrent ?? .max, tolerated)
            }
            if !ids.isEmpty { try await self.awaitChildren(at: key, of: W.name) }
            return try await self.collect(type, ids, call, tolerated)
        }
    }

    /// Starts a group, in rows of bounded size; the last carries the note that tells a replay that they are all there.
    private func startChildren<W: Workflow>(
        _ type: W.Type,
        _ inputs: [W.Input],
        _ ids: [String],
        _ place: String,
        _ call: LiveCall,
        _ concurrency: Int,
        _ tolerated: Int32?
    ) async throws {
        // All are encoded before the first is started: what cannot be, starts nothing.
        let starts = try zip(inputs, ids).enumerated().map { index, pair in
            try self.childStart(
                type,
                pair.0,
                id: pair.1,
                place: place,
                follows: true,
                isHeld: index >= concurrency
            )
        }
        // Those that wait for a turn first: whoever ends finds them, however long the rest takes to be started.
        let parts = Self.parts(of: starts.dropFirst(concurrency) + starts.prefix(concurrency))
        let isGroup = concurrency < inputs.count || tolerated.map { $0 < inputs.count } ?? false
        if isGroup {
            try await self.submit(
                .group(
                    ChildGroupRow(
                        place: place,
                        concurrency: Int32(clamping: concurrency),
                        tolerated: tolerated,
                        released: Int32(clamping: min(concurrency, inputs.count)),
                        isOpen: parts.count > 1
                    )
                )
            )
        }
        for part in parts.dropLast() {
            try await self.run.surrounded(part) { try await self.submit(.children(part), announcing: true) }
            await self.engine.writer.waitForRoom()
        }
        let last = parts.last ?? []
        try await self.run.surrounded(last) {
            try await self.submit(
                JournalRecord(place: call.place, phase: 1, kind: .child, name: W.name, at: self.timestamp()),
                starting: last,
                closing: isGroup && parts.count > 1 ? place : nil
            )
        }
    }

    /// Children in parts of bounded size.
    private static func parts(of starts: some Sequence<ChildStart>) -> [[ChildStart]] {
        var parts: [[ChildStart]] = []
        var size = 0
        for start in starts {
            if parts.isEmpty || parts[parts.count - 1].count == 512 || size > 256 << 10 {
                parts.append([])
                size = 0
            }
            parts[parts.count - 1].append(start)
            size += start.size
        }
        return parts
    }

    /// Records the results of a group in parts, and how it ended.
    private func collect<W: Workflow>(
        _ type: W.Type,
        _ ids: [String],
        _ call: LiveCall,
        _ tolerated: Int32?
    ) async throws -> [Result<W.Output, any Error>] {
        var results: [Result<W.Output, any Error>] = []
        results.reserveCapacity(ids.count)
        var recorded = call.notes.filter { $0.phase > 1 }[...]
        var failed = 0
        var parts = 0
        var part: [ChildEnd] = []
        var size = 0
        let declared = W.failures + self.run.failures
        func take(_ ends: [ChildEnd]) throws {
            for end in ends {
                if !end.ok { failed += 1 }
                results.append(try end.result(as: W.Output.self, declared: declared, coder: self.engine.coder))
            }
        }
        func flush() async throws {
            guard !part.isEmpty else { return }
            try take(part)
            parts += 1
            var note = JournalRecord(
                place: call.place,
                phase: Int16(clamping: parts + 1),
                kind: .child,
                name: call.name,
                at: self.timestamp()
            )
            note.output = try self.engine.coder.encode(part, as: "the results of children").map { .bytes($0) }
            try await self.submit(note)
            part = []
            size = 0
        }
        // What was recorded before a crash stays what it was.
        while let note = recorded.popFirst() {
            try take(try await self.ends(in: note))
            parts += 1
        }
        var next = results.count
        while next < ids.count {
            let slice = ids[next..<min(next + 2_000, ids.count)]
            for end in try await self.outcomes(of: Array(slice)) {
                if size + end.size > 1 << 20 { try await flush() }
                part.append(end)
                size += end.size
            }
            next += slice.count
        }
        try await flush()
        var record = JournalRecord(place: call.place, phase: 0, kind: .child, name: call.name, at: self.timestamp())
        let end = ChildGroupEnd(count: ids.count, failed: failed, parts: parts)
        record.output = try self.engine.coder.encode(end, as: "the end of the children").map { .bytes($0) }
        var thrown: RecordedError?
        if let tolerated, failed > Int(tolerated) {
            thrown = RecordedError(
                type: "ChildrenFailed",
                message: "\(failed) of \(ids.count) children \(W.name) did not succeed; \(tolerated) are tolerated"
            )
            record.error = thrown?.encode(by: self.engine.coder)
        }
        try await self.submit(record)
        if let thrown { throw thrown.failure }
        return results
    }

    /// The results of a group that had ended before a crash.
    private func recallChildren<W: Workflow>(
        _ type: W.Type,
        _ recorded: RecordedCall
    ) async throws -> [Result<W.Output, any Error>] {
        let end = try await self.replay(recorded, as: ChildGroupEnd.self)
        var results: [Result<W.Output, any Error>] = []
        results.reserveCapacity(end.count)
        let notes = self.run.plan.history[recorded.record.place]?.notes ?? []
        for note in notes where note.phase > 1 {
            for end in try await self.ends(in: note) {
                results.append(
                    try end.result(
                        as: W.Output.self,
                        declared: W.failures + self.run.failures,
                        coder: self.engine.coder
                    )
                )
            }
        }
        return results
    }

    private func ends(in note: JournalRecord) async throws -> [ChildEnd] {
        let bytes: [UInt8]?
        switch note.output {
        case nil: bytes = nil
        case .bytes(let loaded): bytes = loaded
        case .stored:
            bytes = try await self.engine.loader.output(of: note.place, phase: note.phase, workflow: self.run.id)
        }
        return try self.engine.coder.decode([ChildEnd].self, from: bytes)
    }
}

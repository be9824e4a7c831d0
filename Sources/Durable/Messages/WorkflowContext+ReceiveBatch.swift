// SPDX-License-Identifier: Apache-2.0

extension WorkflowContext {
    /// One receive: looks, waits, and looks again until there is something, or its time is over.
    ///
    /// - Parameter count: At most so many; nil: one, recorded as itself and not as a batch.
    func receiveBatch<T: Codable & Sendable>(
        _ type: T.Type,
        _ name: String,
        _ limit: WaitLimit,
        atMost count: Int?
    ) async throws -> [T] {
        // Before the call takes its place: a limit that makes no sense leaves no trace.
        _ = try limit.due(now: self.engine.now(), as: "the receive")
        switch try await self.begin(.receive, name) {
        case .recorded(let recorded):
            // Only a receive whose time was over has a time in its record.
            if recorded.record.due != nil { return [] }
            guard count != nil else { return [try await self.replay(recorded, as: T.self)] }
            let texts = try await self.replay(recorded, as: [String?].self)
            let label = recorded.label
            return try texts.map { try self.decode(T.self, $0.map { [UInt8]($0.utf8) }, of: label, isRecorded: true) }
        case .live(let call):
            return try await self.receive(type, call, limit, atMost: count)
        }
    }

    private func receive<T: Codable & Sendable>(
        _ type: T.Type,
        _ call: LiveCall,
        _ limit: WaitLimit,
        atMost count: Int?
    ) async throws -> [T] {
        var isNoted = !call.notes.isEmpty
        let due = try isNoted ? call.notes[0].due : limit.due(now: self.timestamp(), as: "the receive")
        // What is there when a receive begins is there, even if its time is zero.
        var isFirst = !isNoted
        while true {
            let now = self.engine.now()
            let (messages, seen, nudges) = try await self.run.takeMail(call.name, atMost: count ?? 1) { message in
                isFirst || due.map { message.sentAt <= $0 } ?? true
            }
            isFirst = false
            if !messages.isEmpty { return try await self.record(messages, of: call, isBatch: count != nil) }
            if let due, due <= now {
                var record = JournalRecord(
                    place: call.place,
                    phase: 0,
                    kind: .receive,
                    name: call.name,
                    at: max(due, self.timestamp())
                )
                record.due = due
                try await self.submit(record)
                return []
            }
            if let due, !isNoted {
                // The deadline is fixed once, before anybody waits for it.
                isNoted = true
                var note = JournalRecord(
                    place: call.place,
                    phase: 1,
                    kind: .receive,
                    name: call.name,
                    at: self.timestamp()
                )
                note.due = due
                try await self.submit(note)
            }
            let awaited = Awaited("signal \(call.name)", topic: "message:\(call.name)")
            try await self.run.wait(until: due, for: awaited, seen: seen, nudges: nudges, in: self.branch)
            try self.checkAlive()
        }
    }

    /// Records what was taken, and with it, in one transaction, that it is consumed.
    private func record<T: Codable & Sendable>(
        _ messages: [Mail.Message],
        of call: LiveCall,
        isBatch: Bool
    ) async throws -> [T] {
        let values: [T]
        let ticket: Int
        do {
            values = try messages.map { try self.decode(T.self, $0.body, of: call.label, isRecorded: false) }
            var record = JournalRecord(
                place: call.place,
                phase: 0,
                kind: .receive,
                name: call.name,
                at: self.timestamp()
            )
            if isBatch {
                // So that whoever takes the record back can give each message back.
                record.attempt = 0
                let texts = messages.map { $0.body.map { String(decoding: $0, as: UTF8.self) } }
                record.output = try self.engine.coder.encode(texts, as: "the messages of \"\(call.label)\"").map {
                    .bytes($0)
                }
            } else {
                record.output = messages[0].body.map { .bytes($0) }
            }
            let ids = messages.map { $0.id }
            let scope = self.cursor.scope
            let rider: Rider =
                self.branch.isRacing
                ? .take(name: call.name, ids: ids, scope: scope) : .consume(name: call.name, ids: ids)
            ticket = try await self.submit(record, riders: [rider])
        } catch {
            // A branch that has lost, or a run that is over, has consumed nothing.
            self.run.giveBack(messages)
            throw error
        }
        self.run.forget(messages, after: ticket, racingIn: self.branch.isRacing ? self.cursor.scope : nil)
        return values
    }

    /// The value of a message, or of a recorded one.
    private func decode<T: Decodable>(
        _ type: T.Type,
        _ body: [UInt8]?,
        of label: String,
        isRecorded: Bool
    ) throws -> T {
        do {
            return try self.engine.coder.decode(type, from: body)
        } catch {
            let words =
                isRecorded || (error as? DurableError)?.underlying is UnreadableEncoding
                ? PayloadCoder.unreadable(isRecorded ? "what is recorded of it" : "the message that came", error)
                : """
                the message that came cannot be read as what the workflow receives, and is kept: deploy code that can read \
                it, or delete it from durable.message, then resume the workflow
                """
            throw self.run.pause(
                .undecodable,
                DurableError(.undecodable, words, workflow: self.run.id, step: label, underlying: error)
            )
        }
    }
}

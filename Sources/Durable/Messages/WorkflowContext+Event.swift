// SPDX-License-Identifier: Apache-2.0

import Libpq
import Synchronization

extension WorkflowContext {
    /// Waits for an event.
    ///
    /// Events that were published before are found as well, back to the start of the workflow or as far as `lookBack` says,
    /// so that none is missed between two calls; one that this workflow has received before is not received again.
    ///
    /// - Parameters:
    ///   - event: Which event.
    ///   - key: Only events of this key; nil: of any, or none.
    ///   - limit: How long to wait; nil: for ever.
    ///   - lookBack: How far before this call an event may have been published, to about a second; nil: since the workflow
    ///     began. At least as long as the transactions take that publish it, for an event counts from when it is written.
    ///   - predicate: Which of them; the first in the order of publishing counts.
    /// - Returns: What was published; nil when there was nothing in time.
    /// - Throws: ``DurableError`` (`invalidArgument`) for a time that makes no sense; ``WorkflowInterruption``. An event that
    ///   does not hold the type pauses the workflow (`undecodable`).
    public func waitForEvent<T>(
        _ event: Event<T>,
        key: String? = nil,
        within limit: Duration? = nil,
        lookBack: Duration? = nil,
        where predicate: (T) -> Bool = { _ in true }
    ) async throws -> T? {
        if let key { try IdentifierRules.check(key: key) }
        if let limit { try DatabaseTime.check(limit, as: "the wait for event \(event.name)") }
        if let lookBack { try DatabaseTime.check(lookBack, as: "the look-back for event \(event.name)") }
        switch try await self.begin(.event, event.name) {
        case .recorded(let recorded):
            if recorded.record.due != nil { return nil }
            let received = try await self.replay(recorded, as: ReceivedEvent.self)
            self.run.state.withLock { _ = $0.events.insert(received.event) }
            return try self.decodeReceived(T.self, received.payload.map { [UInt8]($0.utf8) }, of: recorded.label)
        case .live(let call):
            var examined: [Int64] = []
            let awaited = Awaited("event \(event.name)", topic: "event:\(event.name)")
            let subscribe = Rider.subscribe(place: call.place, name: event.name, key: key)
            let (found, due) = try await self.await(
                call,
                limit.map { .after($0) } ?? .never,
                for: awaited,
                riders: [subscribe]
            ) { begun in
                // The times of this process are estimates of the database's, which has set those of the events.
                let since = lookBack.map { DatabaseTime.adding(.zero - $0, to: begun) } ?? self.run.plan.createdAt
                let margin = DatabaseTime.adding(.zero - Self.clockMargin, to: since)
                return try await self.look(event.name, key, since: margin, &examined, call.label, predicate)
            }
            var record = JournalRecord(place: call.place, phase: 0, kind: .event, name: call.name, at: self.timestamp())
            if let (received, _) = found {
                record.output = try self.engine.coder.encode(received, as: "the event").map { .bytes($0) }
                self.run.state.withLock { _ = $0.events.insert(received.event) }
            } else {
                record.due = due
                record.at = max(due ?? 0, record.at)
            }
            try await self.submit(record, riders: [.unsubscribe(place: call.place)])
            return found?.1
        }
    }

    /// How far the clocks of processes may be off.
    private static let clockMargin = Duration.seconds(1)

    private func look<T: Decodable>(
        _ name: String,
        _ key: String?,
        since: Int64,
        _ examined: inout [Int64],
        _ label: String,
        _ predicate: (T) -> Bool
    ) async throws -> Sight<(ReceivedEvent, T)> {
        while true {
            let known = self.run.state.withLock { $0.events }
            var ids = ArrayColumn(.int8)
            for id in examined { ids.append(id) }
            for id in known { ids.append(id) }
            let rows = try await self.ask(
                Statement(
                    self.engine.directory.messages.lookForEvents,
                    [
                        Parameter(self.run.id), Parameter(name), key.map { Parameter($0) } ?? .null(.text),
                        Parameter(microseconds: since), ids.parameter,
                    ]
                )
            )
            var sight = Sight<(ReceivedEvent, T)>(seen: self.run.mailbox)
            var count = 0
            for row in rows {
                sight.seen = try row.decode(0, as: Int64?.self) ?? sight.seen
                guard let id = try row.decode(1, as: Int64?.self) else { continue }
                count += 1
                examined.append(id)
                let body = row.bytes(3)
                let value = try self.decodeReceived(T.self, body, of: label)
                if predicate(value) {
                    let text = body.map { String(decoding: $0, as: UTF8.self) }
                    let received = ReceivedEvent(event: id, key: try row.decode(2, as: String?.self), payload: text)
                    sight.found = (received, value)
                    return sight
                }
            }
            if count < MessageStatements.eventPage { return sight }
        }
    }
}

/// An event as it is recorded.
struct ReceivedEvent: Codable, Sendable {
    var event: Int64
    var key: String?
    /// The payload's JSON text.
    var payload: String?
}

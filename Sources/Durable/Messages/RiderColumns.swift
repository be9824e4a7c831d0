// SPDX-License-Identifier: Apache-2.0

import Libpq

/// The columns of what rides along with the checkpoints of a batch.
struct RiderColumns {
    private var consumed = MessageColumns()
    private var taken = MessageColumns()
    private var settled = SettlementColumns()
    private var sent = SendColumns()
    private var tokens = TextColumns(3)
    private var subscribed = PlaceColumns()
    private var unsubscribed = PlaceColumns()
    private var published = TextColumns(2)
    private var answered = TextColumns(3)
    private var appended = PlaceColumns()

    mutating func append(_ rider: Rider, _ lane: RunLane) {
        switch rider {
        case .consume(let name, let ids):
            for id in ids { self.consumed.append(lane.workflow, name, id, scope: nil) }
        case .take(let name, let ids, let scope):
            for id in ids { self.taken.append(lane.workflow, name, id, scope: scope) }
        case .settle(let settlement): self.settled.append(settlement, lane)
        case .send(let row): self.sent.append(row)
        case .token(let id, let name): self.tokens.append([id, lane.workflow, name])
        case .subscribe(let place, let name, let key): self.subscribed.append(lane, place, name, key)
        case .unsubscribe(let place): self.unsubscribed.append(lane, place, "", nil)
        case .publish(let name, let body): self.published.append([lane.workflow, name], body)
        case .answer(let row): self.answered.append([lane.workflow, row.id, row.state], row.body, row.error)
        case .append(let row):
            self.appended.append(lane, row.place, row.stream, nil, number: row.number, body: row.body)
        }
    }

    /// In the order of locks: what is inserted, then messages and inbox.
    func statements(_ texts: MessageStatements) -> [Statement] {
        var list: [Statement] = []
        if self.tokens.count > 0 { list.append(Statement(texts.token, self.tokens.texts)) }
        if self.subscribed.count > 0 { list.append(Statement(texts.subscribe, self.subscribed.keyed)) }
        if self.published.count > 0 {
            list.append(Statement(texts.publish, self.published.texts + [self.published.bodies]))
        }
        if self.answered.count > 0 {
            list.append(Statement(texts.answer, self.answered.texts + [self.answered.bodies, self.answered.errors]))
        }
        if self.appended.count > 0 { list.append(Statement(texts.append, self.appended.numbered)) }
        if self.unsubscribed.count > 0 { list.append(Statement(texts.unsubscribe, self.unsubscribed.places)) }
        if self.consumed.count > 0 { list.append(Statement(texts.consume, self.consumed.parameters)) }
        if self.taken.count > 0 { list.append(Statement(texts.take, self.taken.parameters + [self.taken.scopes])) }
        if self.settled.count > 0 {
            list.append(Statement(texts.keep, self.settled.parameters))
            list.append(Statement(texts.free, self.settled.parameters))
        }
        if self.sent.count > 0 { list.append(Statement(texts.send, self.sent.parameters)) }
        return list
    }
}

extension RiderColumns? {
    /// Most batches have none: the columns are made for the first.
    mutating func append(_ rider: Rider, _ lane: RunLane) {
        var columns = self ?? RiderColumns()
        self = nil
        columns.append(rider, lane)
        self = columns
    }
}

/// Columns of texts, and perhaps of payloads and errors.
private struct TextColumns {
    private var columns: [ArrayColumn]
    private var body = ArrayColumn(.json)
    private var error = ArrayColumn(.json)

    init(_ count: Int) { self.columns = Array(repeating: ArrayColumn(.text), count: count) }

    var count: Int { self.columns[0].count }

    mutating func append(_ texts: [String], _ body: [UInt8]? = nil, _ error: [UInt8]? = nil) {
        for (index, text) in texts.enumerated() { self.columns[index].append(text) }
        if let body { self.body.append(body) } else { self.body.appendNull() }
        if let error { self.error.append(error) } else { self.error.appendNull() }
    }

    var texts: [Parameter] { self.columns.map { $0.parameter } }
    var bodies: Parameter { self.body.parameter }
    var errors: Parameter { self.error.parameter }
}

/// Columns of what belongs to a place in the journal.
private struct PlaceColumns {
    private var workflow = ArrayColumn(.text)
    private var scope = ArrayColumn(.text)
    private var position = ArrayColumn(.int4)
    private var name = ArrayColumn(.text)
    private var key = ArrayColumn(.text)
    private var number = ArrayColumn(.int4)
    private var body = ArrayColumn(.json)

    var count: Int { self.workflow.count }

    mutating func append(
        _ lane: RunLane,
        _ place: Place,
        _ name: String,
        _ key: String?,
        number: Int32 = 0,
        body: [UInt8]? = nil
    ) {
        self.workflow.append(lane.workflow)
        self.scope.append(place.scope)
        self.position.append(place.position)
        self.name.append(name)
        if let key { self.key.append(key) } else { self.key.appendNull() }
        self.number.append(number)
        if let body { self.body.append(body) } else { self.body.appendNull() }
    }

    var places: [Parameter] { [self.workflow.parameter, self.scope.parameter, self.position.parameter] }
    var keyed: [Parameter] { self.places + [self.name.parameter, self.key.parameter] }
    var numbered: [Parameter] { self.places + [self.name.parameter, self.number.parameter, self.body.parameter] }
}

private struct MessageColumns {
    private var workflow = ArrayColumn(.text)
    private var name = ArrayColumn(.text)
    private var id = ArrayColumn(.int8)
    private var scope = ArrayColumn(.text)

    var count: Int { self.id.count }

    mutating func append(_ workflow: String, _ name: String, _ id: Int64, scope: String?) {
        self.workflow.append(workflow)
        self.name.append(name)
        self.id.append(id)
        if let scope { self.scope.append(scope) }
    }

    var parameters: [Parameter] { [self.workflow.parameter, self.name.parameter, self.id.parameter] }
    var scopes: Parameter { self.scope.parameter }
}

private struct SettlementColumns {
    private var workflow = ArrayColumn(.text)
    private var group = ArrayColumn(.text)
    private var winner = ArrayColumn(.text)
    private var isNested = ArrayColumn(.bool)

    var count: Int { self.workflow.count }

    mutating func append(_ settlement: RaceSettlement, _ lane: RunLane) {
        self.workflow.append(lane.workflow)
        self.group.append(settlement.group)
        self.winner.append(settlement.winner)
        self.isNested.append(settlement.isNested)
    }

    var parameters: [Parameter] {
        [self.workflow.parameter, self.group.parameter, self.winner.parameter, self.isNested.parameter]
    }
}

private struct SendColumns {
    private var workflow = ArrayColumn(.text)
    private var name = ArrayColumn(.text)
    private var key = ArrayColumn(.text)
    private var body = ArrayColumn(.json)

    var count: Int { self.workflow.count }

    mutating func append(_ row: SendRow) {
        self.workflow.append(row.workflow)
        self.name.append(row.name)
        if let key = row.key { self.key.append(key) } else { self.key.appendNull() }
        if let body = row.body { self.body.append(body) } else { self.body.appendNull() }
    }

    var parameters: [Parameter] {
        [self.workflow.parameter, self.name.parameter, self.key.parameter, self.body.parameter]
    }
}

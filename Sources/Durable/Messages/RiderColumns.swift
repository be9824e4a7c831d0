// SPDX-License-Identifier: Apache-2.0

import Libpq

/// The columns of what rides along with the checkpoints of a batch.
struct RiderColumns {
    private var consumed = MessageColumns()
    private var taken = MessageColumns()
    private var settled = SettlementColumns()
    private var sent = SendColumns()

    mutating func append(_ rider: Rider, _ lane: RunLane) {
        switch rider {
        case .consume(let name, let ids):
            for id in ids { self.consumed.append(lane.workflow, name, id, scope: nil) }
        case .take(let name, let ids, let scope):
            for id in ids { self.taken.append(lane.workflow, name, id, scope: scope) }
        case .settle(let settlement): self.settled.append(settlement, lane)
        case .send(let row): self.sent.append(row)
        }
    }

    /// In the order of locks: what is inserted, then messages and inbox.
    func statements(_ texts: MessageStatements) -> [Statement] {
        var list: [Statement] = []
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

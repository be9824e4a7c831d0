// SPDX-License-Identifier: Apache-2.0

import Libpq

/// The columns of what is written for cancellation, children and continuations: nearly always empty.
struct LineageColumns {
    private var children: ChildColumns?
    private var groups: GroupColumns?
    private var closed: (parent: ArrayColumn, place: ArrayColumn, run: ArrayColumn)?
    private var orphans: (parent: ArrayColumn, reason: ArrayColumn, run: ArrayColumn)?
    private var taken: (workflow: ArrayColumn, request: ArrayColumn, run: ArrayColumn)?
    private var continuations: ContinuationColumns?

    mutating func append(_ row: LineageRow, _ lane: RunLane) {
        switch row {
        case .children(let starts): self.append(starts, lane)
        case .group(let group):
            var columns = self.groups ?? GroupColumns()
            columns.append(group, lane)
            self.groups = columns
        case .closeGroup(let place):
            var columns = self.closed ?? (ArrayColumn(.text), ArrayColumn(.text), ArrayColumn(.int8))
            columns.parent.append(lane.workflow)
            columns.place.append(place)
            columns.run.append(lane.token)
            self.closed = columns
        case .cancelChildren(let reason):
            var columns = self.orphans ?? (ArrayColumn(.text), ArrayColumn(.text), ArrayColumn(.int8))
            columns.parent.append(lane.workflow)
            columns.reason.append(reason)
            columns.run.append(lane.token)
            self.orphans = columns
        case .cancellationTaken(let request):
            var columns = self.taken ?? (ArrayColumn(.text), ArrayColumn(.int8), ArrayColumn(.int8))
            columns.workflow.append(lane.workflow)
            columns.request.append(request)
            columns.run.append(lane.token)
            self.taken = columns
        case .continuation(let record):
            var columns = self.continuations ?? ContinuationColumns()
            columns.append(record, lane)
            self.continuations = columns
        }
    }

    /// Children that a run starts.
    private mutating func append(_ starts: [ChildStart], _ lane: RunLane) {
        var columns = self.children ?? ChildColumns()
        for start in starts { columns.append(start, lane) }
        columns.append(owner: lane)
        self.children = columns
    }

    /// What is inserted, before any row of `live` is changed.
    func insertions(_ statements: LineageStatements) -> [Statement] {
        var list: [Statement] = []
        if let groups { list.append(Statement(statements.groups, groups.parameters)) }
        if let children { list.append(Statement(statements.children, children.parameters)) }
        if let closed {
            list.append(
                Statement(
                    statements.closeGroups,
                    [closed.parent.parameter, closed.place.parameter, closed.run.parameter]
                )
            )
        }
        if let orphans {
            list.append(
                Statement(
                    statements.cancelChildren,
                    [orphans.parent.parameter, orphans.reason.parameter, orphans.run.parameter]
                )
            )
        }
        if let taken {
            list.append(
                Statement(
                    statements.cancellationTaken,
                    [taken.workflow.parameter, taken.request.parameter, taken.run.parameter]
                )
            )
        }
        return list
    }

    /// What changes rows of `live`.
    func changes(_ statements: LineageStatements, _ executor: ExecutorIdentity) -> [Statement] {
        guard let continuations else { return [] }
        return [Statement(statements.continuation, continuations.parameters + [Parameter(executor.number)])]
    }
}

private struct ChildColumns {
    private var id = ArrayColumn(.text)
    private var name = ArrayColumn(.text)
    private var version = ArrayColumn(.int4)
    private var input = ArrayColumn(.json)
    private var deadline = ArrayColumn(.timestamptz)
    private var parent = ArrayColumn(.text)
    private var at = ArrayColumn(.timestamptz)
    private var place = ArrayColumn(.text)
    private var follows = ArrayColumn(.bool)
    private var held = ArrayColumn(.bool)
    private var trace = ArrayColumn(.json)
    /// The runs that start them, each once.
    private var owner = ArrayColumn(.text)
    private var run = ArrayColumn(.int8)
    private var owners: Set<UInt64> = []

    mutating func append(owner lane: RunLane) {
        guard self.owners.insert(lane.number).inserted else { return }
        self.owner.append(lane.workflow)
        self.run.append(lane.token)
    }

    mutating func append(_ start: ChildStart, _ lane: RunLane) {
        self.id.append(start.id)
        self.name.append(start.name)
        self.version.append(start.version)
        if let input = start.input { self.input.append(input) } else { self.input.appendNull() }
        if let deadline = start.deadline { self.deadline.append(deadline) } else { self.deadline.appendNull() }
        self.parent.append(lane.workflow)
        self.at.append(start.at)
        self.place.append(start.place)
        self.follows.append(start.follows)
        self.held.append(start.isHeld)
        self.trace.append(optional: start.trace)
    }

    var parameters: [Parameter] {
        ArrayRows.parameters([
            self.id, self.name, self.version, self.input, self.deadline, self.parent, self.at, self.place, self.follows,
            self.held, self.owner, self.run, self.trace,
        ])
    }
}

private struct GroupColumns {
    private var parent = ArrayColumn(.text)
    private var place = ArrayColumn(.text)
    private var concurrency = ArrayColumn(.int4)
    private var tolerated = ArrayColumn(.int4)
    private var released = ArrayColumn(.int4)
    private var open = ArrayColumn(.bool)
    private var run = ArrayColumn(.int8)

    mutating func append(_ group: ChildGroupRow, _ lane: RunLane) {
        self.parent.append(lane.workflow)
        self.place.append(group.place)
        self.concurrency.append(group.concurrency)
        if let tolerated = group.tolerated { self.tolerated.append(tolerated) } else { self.tolerated.appendNull() }
        self.released.append(group.released)
        self.open.append(group.isOpen)
        self.run.append(lane.token)
    }

    var parameters: [Parameter] {
        [
            self.parent.parameter, self.place.parameter, self.concurrency.parameter, self.tolerated.parameter,
            self.released.parameter, self.run.parameter, self.open.parameter,
        ]
    }
}

private struct ContinuationColumns {
    private var workflow = ArrayColumn(.text)
    private var position = ArrayColumn(.int4)
    private var run = ArrayColumn(.int8)
    private var at = ArrayColumn(.timestamptz)
    private var input = ArrayColumn(.json)

    mutating func append(_ record: JournalRecord, _ lane: RunLane) {
        self.workflow.append(lane.workflow)
        self.position.append(record.place.position)
        self.run.append(lane.token)
        self.at.append(record.at)
        if case .bytes(let bytes) = record.output { self.input.append(bytes) } else { self.input.appendNull() }
    }

    var parameters: [Parameter] {
        [
            self.workflow.parameter, self.position.parameter, self.run.parameter, self.at.parameter,
            self.input.parameter,
        ]
    }
}

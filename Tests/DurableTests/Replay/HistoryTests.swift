// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

extension JournalRecord {
    /// A record at a place, for tests.
    static func row(
        _ position: Int32,
        _ name: String,
        kind: JournalKind = .step,
        in scope: String = "",
        phase: Int16 = 0
    ) -> JournalRecord {
        JournalRecord(place: Place(scope: scope, position: position), phase: phase, kind: kind, name: name, at: 0)
    }
}

@Suite struct HistoryTests {
    @Test func `notes come in the order of their phases, whatever the order in which they were read`() {
        let history = History([
            .row(0, "charge", phase: 3), .row(0, "charge", phase: 1), .row(0, "charge", phase: 0),
            .row(0, "charge", phase: 2),
        ])
        let entry = history[Place(scope: "", position: 0)]
        #expect(entry?.notes.map(\.phase) == [1, 2, 3])
        #expect(entry?.result?.phase == 0)
        #expect(history.count == 4)
        #expect(!history.isEmpty)
        #expect(history[Place(scope: "", position: 1)] == nil)
        #expect(history[Place(scope: "a@0", position: 0)] == nil)
    }

    @Test func `what is left over is the first record from a position on, in that scope alone`() {
        let history = History([
            .row(2, "c"), .row(0, "a"), .row(1, "sleep", kind: .sleep, phase: 1), .row(0, "x", in: "parallel@5[0]"),
        ])
        #expect(history.leftover(in: "", from: 0)?.name == "a")
        #expect(history.leftover(in: "", from: 1)?.kind == .sleep)
        #expect(history.leftover(in: "", from: 2)?.name == "c")
        #expect(history.leftover(in: "", from: 6) == nil)
        #expect(history.leftover(in: "elsewhere", from: 0) == nil)
        #expect(history.scopePaths == ["", "parallel@5[0]"])
        #expect(History().isEmpty)
    }
}

@Suite struct HistoryGroupTests {
    private let history = History([
        .row(0, "work", in: "map@3[1]/audit@0"), .row(1, "work", in: "map@3[4]"), .row(0, "work", in: "map@3[2]"),
        .row(0, "x", in: "a@b@5"),
    ])

    @Test func `a group or scope without a row is known by the records below it`() {
        let map = self.history.group(at: Place(scope: "", position: 3))
        #expect(map?.name == "map")
        #expect(map?.kind == .join)
        let audit = self.history.group(at: Place(scope: "map@3[1]", position: 0))
        #expect(audit?.name == "audit")
        #expect(audit?.kind == .scope)
        #expect(self.history.group(at: Place(scope: "", position: 5))?.name == "a@b")
        #expect(self.history.group(at: Place(scope: "", position: 4)) == nil)
    }

    @Test func `branches beyond those that the code has are left over`() {
        let place = Place(scope: "", position: 3)
        #expect(self.history.leftover(at: place, beyond: 5) == nil)
        #expect(self.history.leftover(at: place, beyond: 4)?.place.scope == "map@3[4]")
        #expect(self.history.leftover(at: place, beyond: 0)?.place.scope == "map@3[4]")
    }

    @Test func `a group that no call came for is left over in its scope`() {
        #expect(self.history.leftover(in: "", from: 0)?.name == "map")
        #expect(self.history.leftover(in: "", from: 4)?.name == "a@b")
        #expect(self.history.leftover(in: "", from: 6) == nil)
        #expect(self.history.leftover(in: "map@3[1]", from: 0)?.name == "audit")
    }

    @Test func `another call in the place of a group that had not ended diverges`() throws {
        var cursor = ScopeCursor(scope: "map@3[1]")
        #expect(cursor.stands(.patch, "v2", in: self.history) == false)
        let error = try #require(throws: Divergence.self) { try cursor.advance(.step, "work", in: self.history) }
        #expect(error.message.contains("where the history has scope \"audit\""))
        guard case .fresh = try cursor.advance(.scope, "audit", in: self.history).finding else {
            Issue.record("a scope has no row of its own")
            return
        }
    }

    @Test(arguments: ["", "undo/3", "no position", "a@x", "a@1[", "a@99999999999"])
    func `what is no path of scopes is no group`(path: String) {
        #expect(ScopePath.last(of: path) == nil)
    }
}

@Suite struct ScopeCursorTests {
    @Test func `the second call of a name is called name#2, per kind and scope`() throws {
        var cursor = ScopeCursor(scope: "a@0")
        let history = History()
        #expect(try cursor.advance(.step, "charge", in: history).label == "charge")
        #expect(try cursor.advance(.transaction, "charge", in: history).label == "charge")
        #expect(try cursor.advance(.step, "charge", in: history).label == "charge#2")
        let third = try cursor.advance(.step, "charge", in: history)
        #expect(third.label == "charge#3")
        #expect(third.place == Place(scope: "a@0", position: 3))
        var other = ScopeCursor(scope: "b@0")
        #expect(try other.advance(.step, "charge", in: history).label == "charge")
    }

    @Test func `calls are counted by name, however many names a scope has`() throws {
        var cursor = ScopeCursor(scope: "")
        for round in 1...3 {
            for name in (1...20).map({ "step \($0)" }) {
                let label = try cursor.advance(.step, name, in: History()).label
                #expect(label == (round == 1 ? name : "\(name)#\(round)"))
            }
        }
    }

    @Test func `a call meets its result, its notes, or nothing`() throws {
        let history = History([.row(0, "a"), .row(1, "b", phase: 1), .row(1, "b", phase: 2)])
        var cursor = ScopeCursor(scope: "")
        guard case .recorded(let record) = try cursor.advance(.step, "a", in: history).finding else {
            Issue.record("the result of a")
            return
        }
        #expect(record.name == "a")
        guard case .begun(let notes) = try cursor.advance(.step, "b", in: history).finding else {
            Issue.record("the notes of b")
            return
        }
        #expect(notes.count == 2)
        guard case .fresh = try cursor.advance(.step, "c", in: history).finding else {
            Issue.record("nothing of c")
            return
        }
        try cursor.finish(in: history)
    }

    @Test func `another name or kind at a place is told in words that name both`() throws {
        let history = History([.row(0, "reserve"), .row(0, "pay", kind: .transaction, in: "audit@1")])
        var cursor = ScopeCursor(scope: "")
        let renamed = try #require(throws: Divergence.self) { try cursor.advance(.step, "book", in: history) }
        #expect(
            renamed.message == """
                the code calls step "book" at position 0, where the history has step "reserve": the workflow's code was \
                changed in a way that this workflow cannot follow. Run it with the code that recorded it, or guard the \
                change with `patched`, then resume it
                """
        )
        #expect(cursor.next.position == 0, "the place was not taken")
        var inner = ScopeCursor(scope: "audit@1")
        let kind = try #require(throws: Divergence.self) { try inner.advance(.step, "pay", in: history) }
        #expect(
            kind.message.hasPrefix(
                "the code calls step \"pay\" at position 0 of audit@1, where the history has transaction \"pay\""
            )
        )
    }

    @Test func `records that no call came for are told in words`() throws {
        let history = History([.row(0, "a"), .row(1, "sleep", kind: .sleep)])
        var cursor = ScopeCursor(scope: "")
        _ = try cursor.advance(.step, "a", in: history)
        let leftover = try #require(throws: Divergence.self) { try cursor.finish(in: history) }
        #expect(
            leftover.message.hasPrefix(
                "the code ended without calling sleep \"sleep\", which the history has at position 1:"
            )
        )
    }

    @Test func `looking at a place does not take it`() throws {
        let history = History([.row(0, "v2", kind: .patch), .row(1, "a")])
        var cursor = ScopeCursor(scope: "")
        #expect(cursor.stands(.patch, "v2", in: history) == true)
        #expect(cursor.stands(.patch, "v3", in: history) == false)
        _ = try cursor.advance(.patch, "v2", in: history)
        #expect(cursor.stands(.patch, "v2", in: history) == false)
        _ = try cursor.advance(.step, "a", in: history)
        #expect(cursor.stands(.patch, "v2", in: history) == nil)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Libpq

struct PreparedStatementsTests {
    private var prepared = PreparedStatements(limit: 2)

    private mutating func prepare(_ sql: String, _ parameters: [Parameter] = []) -> String {
        let candidate = self.prepared.candidate(.query(sql), parameters)
        self.prepared.confirm(candidate)
        return candidate.name
    }

    @Test mutating func `a text is known only after the server has confirmed it`() {
        let text = StatementText("SELECT 1")
        let first = self.prepared.candidate(.text(text), [])
        #expect(self.prepared.name(.text(text), []) == nil)
        let second = self.prepared.candidate(.text(text), [])
        #expect(first.name != second.name)
        self.prepared.confirm(first)
        #expect(self.prepared.name(.text(text), []) == first.name)
        self.prepared.confirm(second)
        #expect(self.prepared.name(.text(text), []) == second.name)
        #expect(self.prepared.takeDiscarded() == [first.name])
    }

    @Test mutating func `the least recently used query leaves`() {
        let (one, two) = (self.prepare("1"), self.prepare("2"))
        #expect(self.prepared.name(.query("1"), []) == one)
        let three = self.prepare("3")
        #expect(self.prepared.takeDiscarded() == [two])
        #expect(self.prepared.name(.query("1"), []) == one)
        #expect(self.prepared.name(.query("2"), []) == nil)
        #expect(self.prepared.name(.query("3"), []) == three)
        #expect(self.prepared.queryCount == 2)
    }

    @Test mutating func `parameters of another type need another statement`() {
        let name = self.prepare("SELECT $1", [Parameter(1)])
        #expect(self.prepared.name(.query("SELECT $1"), [Parameter(2)]) == name)
        #expect(self.prepared.name(.query("SELECT $1"), [Parameter("2")]) == nil)
        #expect(self.prepared.name(.query("SELECT $1"), []) == nil)
    }

    @Test mutating func `textual types stand in for each other`() {
        let text = StatementText("SELECT $1", types: [.json])
        let candidate = self.prepared.candidate(.text(text), [Parameter("{}")])
        #expect(candidate.types == [.json])
        self.prepared.confirm(candidate)
        #expect(self.prepared.name(.text(text), [Parameter("{}")]) == candidate.name)
        #expect(self.prepared.name(.text(text), [Parameter(1)]) == nil)
    }

    @Test mutating func `what the server refuses is forgotten, and deallocated if it still exists`() {
        let (one, two) = (self.prepare("1"), self.prepare("2"))
        self.prepared.forget(.query("1"), serverHolds: true)
        self.prepared.forget(.query("2"), serverHolds: false)
        #expect(self.prepared.takeDiscarded() == [one])
        #expect(one != two)
        #expect(self.prepared.queryCount == 0)
    }
}

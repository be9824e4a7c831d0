// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DurableCommand

@Suite struct TableTests {
    private func table(_ rows: [[String]], yields: Table.Yielding = .first) -> Table {
        Table(
            columns: [
                Table.Column(title: "ID", yields: .last), Table.Column(title: "N", alignment: .right),
                Table.Column(title: "WORDS", yields: yields), Table.Column(title: "MORE", isOptional: true),
            ],
            rows: rows.map { $0.map { Table.Cell($0) } }
        )
    }

    @Test func `columns are aligned, numbers at the right, and no line ends in blanks`() {
        let lines = self.table([["a", "7", "short", ""], ["longer", "120", "a bit longer", ""]]).lines(width: nil)
        #expect(
            lines == [
                "ID        N  WORDS",
                "a         7  short",
                "longer  120  a bit longer",
            ]
        )
    }

    @Test func `an optional column is there when a row has something in it`() {
        let lines = self.table([["a", "7", "x", "y"]]).lines(width: nil)
        #expect(lines == ["ID  N  WORDS  MORE", "a   7  x      y"])
    }

    @Test func `a narrow terminal cuts what may be cut, and the ids last`() {
        let row = ["0123456789", "1", String(repeating: "w", count: 40), ""]
        let wide = self.table([row]).lines(width: 35)
        #expect(wide[1] == "0123456789  1  wwwwwwwwwwwwwwwwwww…")
        #expect(wide.allSatisfy { Printable.width($0) <= 35 })
        let narrow = self.table([row]).lines(width: 21)
        #expect(narrow[1] == "0123456…  1  wwwwwww…")
        // Narrower than that nothing gives: lines that wrap are better than none.
        #expect(self.table([row]).lines(width: 3)[1] == "0123456…  1  wwwwwww…")
    }

    @Test func `wide and combining characters take the cells that a terminal gives them`() {
        #expect(Printable.width("日本") == 4)
        #expect(Printable.width("e\u{301}") == 1)
        #expect(Printable.width("👩‍👩‍👧") == 2)
        #expect(Printable.cut("日本語", to: 5) == "日本…")
        let lines = self.table([["日本", "1", "x", ""], ["abc", "1", "x", ""]]).lines(width: nil)
        #expect(lines[1] == "日本  1  x")
        #expect(lines[2] == "abc   1  x")
    }

    @Test func `colours surround the text and not the padding`() {
        let table = Table(
            columns: [Table.Column(title: "A"), Table.Column(title: "B")],
            rows: [[Table.Cell("x", tone: .bad), Table.Cell("y")], [Table.Cell("xxx"), Table.Cell("y")]]
        )
        #expect(table.lines(width: nil, colours: true)[1] == "\u{1B}[31mx\u{1B}[0m    y")
    }
}

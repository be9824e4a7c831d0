// SPDX-License-Identifier: Apache-2.0

/// Aligned columns under titles, within the width of a terminal.
struct Table: Sendable {
    /// On which side of its column a text stands.
    enum Alignment: Sendable {
        case left
        case right
    }

    /// Whether a column gives way when the terminal is narrow.
    enum Yielding: Sendable {
        case never
        /// Only when those that yield first have no more to give.
        case last
        case first
    }

    /// A column.
    struct Column: Sendable {
        /// What stands above it.
        var title: String
        /// Where its texts stand.
        var alignment = Alignment.left
        /// Whether it gives way when the terminal is narrow.
        var yields = Yielding.never
        /// Whether it is left out when no row has anything in it.
        var isOptional = false
    }

    /// A text in a colour.
    struct Cell: Sendable {
        /// The text, safe to print.
        let text: String
        /// The colour.
        var tone = Tone.plain

        /// Makes a text safe.
        init(_ text: String, tone: Tone = .plain) {
            self.text = Printable.text(text)
            self.tone = tone
        }
    }

    /// The least that a column keeps which gives way.
    private static let least = 8
    private static let gap = 2

    /// The columns.
    var columns: [Column]
    /// The rows, with a cell for each column.
    var rows: [[Cell]] = []

    /// The lines of the table.
    ///
    /// - Parameters:
    ///   - width: The cells of a line; nil for as many as are needed.
    ///   - colours: Whether to colour.
    ///   - titles: Whether the titles come first.
    func lines(width: Int?, colours: Bool = false, titles: Bool = true) -> [String] {
        let shown = self.columns.indices.filter { index in
            !self.columns[index].isOptional || self.rows.contains { !$0[index].text.isEmpty }
        }
        let widths = self.widths(of: shown, within: width)
        var lines: [String] = []
        if titles {
            let cells = shown.map { Cell(self.columns[$0].title, tone: .title) }
            lines.append(self.line(cells, shown, widths, colours))
        }
        for row in self.rows { lines.append(self.line(shown.map { row[$0] }, shown, widths, colours)) }
        return lines
    }

    private func widths(of shown: [Int], within limit: Int?) -> [Int] {
        var widths = shown.map { index in
            self.rows.reduce(Printable.width(self.columns[index].title)) { max($0, Printable.width($1[index].text)) }
        }
        guard let limit else { return widths }
        var excess = widths.reduce(0, +) + Self.gap * (widths.count - 1) - limit
        // The widest gives way first, one cell after the other.
        while excess > 0 {
            func candidates(_ yielding: Yielding) -> [Int] {
                widths.indices.filter { self.columns[shown[$0]].yields == yielding && widths[$0] > Self.least }
            }
            let first = candidates(.first)
            let candidates = first.isEmpty ? candidates(.last) : first
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    private func line(_ cells: [Cell], _ shown: [Int], _ widths: [Int], _ colours: Bool) -> String {
        var line = ""
        for (position, cell) in cells.enumerated() {
            let text = Printable.cut(cell.text, to: widths[position])
            let padding = String(repeating: " ", count: max(0, widths[position] - Printable.width(text)))
            let coloured = colours ? cell.tone.wrap(text) : text
            if position > 0 { line += String(repeating: " ", count: Self.gap) }
            switch self.columns[shown[position]].alignment {
            case .left: line += position == cells.count - 1 ? coloured : coloured + padding
            case .right: line += padding + coloured
            }
        }
        while line.utf8.last == UInt8(ascii: " ") { line.removeLast() }
        return line
    }
}

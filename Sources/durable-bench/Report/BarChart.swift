// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Horizontal bars with their numbers, as SVG that reads well on light and on dark pages.
struct BarChart: Sendable {
    struct Bar: Sendable {
        let label: String
        let value: Double
        /// Least and most of the rounds.
        let range: ClosedRange<Double>
        let unit: Reading.Unit
        /// Ours, or something that it is compared with.
        let isOurs: Bool
    }

    let title: String
    let bars: [Bar]
    /// Whether each division stands for ten times the one before.
    var isLogarithmic = false

    var svg: String {
        let (left, width, row, top) = (380.0, 340.0, 26.0, 40.0)
        let most = self.bars.map { $0.range.upperBound }.max() ?? 1
        let height = top + Double(self.bars.count) * row + 24
        var parts = [
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 840 \(Int(height))" width="840" height="\(Int(height))" \
            font-family="system-ui, sans-serif" font-size="13">
            <rect width="840" height="\(Int(height))" rx="6" fill="#ffffff"/>
            <text x="16" y="24" font-size="15" font-weight="600" fill="#1f2328">\(Self.escaped(self.title))</text>
            """
        ]
        for (index, bar) in self.bars.enumerated() {
            let y = top + Double(index) * row
            let middle = y + row / 2 + 4
            let length = self.length(bar.value, most) * width
            let ends = (
                self.length(bar.range.lowerBound, most) * width, self.length(bar.range.upperBound, most) * width
            )
            parts.append(
                """
                <text x="\(Self.text(left - 10))" y="\(Self.text(middle))" text-anchor="end" fill="#1f2328">\
                \(Self.escaped(bar.label))</text>
                <rect x="\(Self.text(left))" y="\(Self.text(y + 4))" width="\(Self.text(max(1, length)))" \
                height="\(Self.text(row - 8))" rx="2" fill="\(bar.isOurs ? "#d9541e" : "#8c959f")"/>
                <line x1="\(Self.text(left + ends.0))" x2="\(Self.text(left + ends.1))" y1="\(Self.text(y + row / 2))" \
                y2="\(Self.text(y + row / 2))" stroke="#1f2328"/>
                <text x="\(Self.text(left + max(length, ends.1) + 8))" y="\(Self.text(middle))" fill="#1f2328">\
                \(Self.escaped(NumberText.short(bar.value, bar.unit)))</text>
                """
            )
        }
        if self.isLogarithmic {
            parts.append(
                """
                <text x="16" y="\(Self.text(height - 8))" font-size="11" fill="#59636e">Lengths are logarithmic.</text>
                """
            )
        }
        return parts.joined(separator: "\n") + "\n</svg>\n"
    }

    /// From 0 to 1.
    private func length(_ value: Double, _ most: Double) -> Double {
        guard most > 0, value > 0 else { return 0 }
        guard self.isLogarithmic else { return value / most }
        let least = (self.bars.map { $0.range.lowerBound }.filter { $0 > 0 }.min() ?? 1) / 3
        return least < most ? max(0, log(value / least) / log(most / least)) : 1
    }

    private static func text(_ value: Double) -> String { String(format: "%.1f", value) }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}

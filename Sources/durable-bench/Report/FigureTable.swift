// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The figures as a table for a terminal, and as lines for machines.
enum FigureTable {
    static func text(_ figures: Figures) -> String {
        let rows = figures.all.map { figure in
            let floor = Floor.of(figure)
            let verdict = floor.map { $0.isMet(by: figure) ? "" : "  below" } ?? ""
            return [
                figure.words, NumberText.short(figure.median, figure.unit), self.range(figure),
                (floor?.words(figure.unit) ?? "") + verdict,
            ]
        }
        let table = [["what", "median", "range", "floor"]] + rows
        let widths = (0..<4).map { column in table.map { $0[column].count }.max() ?? 0 }
        return table.map { row in
            zip(row, widths).map { text, width in
                text + String(repeating: " ", count: width - text.count)
            }.joined(separator: "  ").trimmingCharacters(in: .whitespaces)
        }.joined(separator: "\n")
    }

    /// From the least to the most, where there are several.
    static func range(_ figure: Figure) -> String {
        figure.samples.count < 2
            ? "" : "\(NumberText.number(figure.least)) to \(NumberText.number(figure.most))"
    }

    /// One line of JSON for each figure.
    static func json(_ figures: Figures) throws -> String {
        struct Line: Encodable {
            let figure: String
            let words: String
            let unit: String
            let median: Double
            let samples: [Double]
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try figures.all.map { figure in
            let line = Line(
                figure: figure.name,
                words: figure.words,
                unit: figure.unit.rawValue,
                median: figure.median,
                samples: figure.samples
            )
            return String(decoding: try encoder.encode(line), as: UTF8.self)
        }.joined(separator: "\n")
    }

    /// What a step costs, in one line; nil where it was not measured.
    static func summary(_ figures: Figures) throws -> String? {
        let names = [
            "sequential_ratio": "ratio.sequential_to_pgbench", "steps_per_second_1000": "steps.1000",
            "pgbench_1": "ceilings.commits_1", "bulk_ceiling": "ceilings.bulk",
        ]
        let medians = names.compactMapValues { figures[$0]?.median }
        guard medians.count == names.count else { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(medians), as: UTF8.self)
    }
}

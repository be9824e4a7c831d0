// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A page of one run: where it was made, every figure with its floor, charts, and what was below.
struct Report {
    let results: BenchRunner.Results
    let surroundings: Surroundings

    func write(to folder: String) throws {
        let charts = folder + "/charts"
        try FileManager.default.createDirectory(atPath: charts, withIntermediateDirectories: true)
        for (name, chart) in self.charts {
            try chart.svg.write(toFile: "\(charts)/\(name).svg", atomically: true, encoding: .utf8)
        }
        try self.page.write(toFile: folder + "/RESULTS.md", atomically: true, encoding: .utf8)
        try (FigureTable.json(self.results.figures) + "\n")
            .write(toFile: folder + "/results.jsonl", atomically: true, encoding: .utf8)
    }

    // MARK: - Charts

    private var charts: [(String, BarChart)] {
        let figures = self.results.figures
        func bars(_ choice: (Figure) -> Bool, label: (Figure) -> String = { $0.words }) -> [BarChart.Bar] {
            figures.all.filter(choice).map { figure in
                BarChart.Bar(
                    label: label(figure),
                    value: figure.median,
                    range: figure.least...figure.most,
                    unit: figure.unit,
                    isOurs: !figure.name.hasPrefix("ceilings.") && !figure.name.hasPrefix("peers.")
                        && !figure.name.hasPrefix("transactions.bare")
                )
            }
        }
        func short(_ figure: Figure) -> String {
            let words = figure.name.split(separator: ".").last?.split(separator: "_") ?? []
            guard figure.name.hasPrefix("peers."), words.count >= 2 else { return figure.words }
            return words[1] == "statements"
                ? "statements of \(words[0]), \(words[2]) connections" : "library of \(words[0]), \(words[1])"
        }
        let charts = [
            (
                "steps",
                BarChart(
                    title: "Steps a second, and what the server does without an engine",
                    bars: bars {
                        $0.unit == .perSecond && ($0.name.hasPrefix("steps.") || $0.name.hasPrefix("ceilings."))
                    }
                )
            ),
            (
                "peers",
                BarChart(
                    title: "Steps a second of ten-step workflows, beside peers on the same server",
                    bars: bars(
                        { figure in
                            figure.name == "steps.1000"
                                || figure.unit == .perSecond && figure.name.hasPrefix("peers.")
                                    && !figure.name.hasSuffix("_1")
                        },
                        label: short
                    ),
                    isLogarithmic: true
                )
            ),
            (
                "workflows",
                BarChart(
                    title: "One-step workflows a second, beside the libraries of peers",
                    bars: bars(
                        { figure in
                            figure.name == "workflows.one_step"
                                || figure.unit == .perSecond
                                    && figure.name.hasPrefix("peers.") && figure.name.hasSuffix("_1")
                        },
                        label: short
                    ),
                    isLogarithmic: true
                )
            ),
            (
                "log",
                BarChart(
                    title: "Bytes of the write-ahead log",
                    bars: bars(
                        { $0.unit == .bytes && ($0.name.hasPrefix("cost.wal") || $0.name.hasSuffix("_8_wal")) },
                        label: { $0.words }
                    )
                )
            ),
            (
                "transactions",
                BarChart(
                    title: "Transaction steps, and the same SQL in bare transactions",
                    bars: bars { $0.name.hasPrefix("transactions.") && $0.unit == .perSecond }
                )
            ),
        ]
        return charts.filter { !$0.1.bars.isEmpty }
    }

    // MARK: - Page

    private var page: String {
        let figures = self.results.figures
        let missed = Floor.missed(by: figures)
        var lines = [
            "# Results", "",
            "One run of `Scripts/bench`, written by it. Medians of the rounds; ratios are taken within a round, since the speed of "
                + "a machine drifts. Floors are for 2 cores that Postgres shares.", "",
        ]
        lines += ["| | |", "| --- | --- |"] + self.surroundings.facts.map { "| \($0.name) | \(Self.cell($0.value)) |" }
        lines += [""] + self.charts.map { "![\($0.1.title)](charts/\($0.0).svg)\n" }
        if figures.all.contains(where: { $0.name.hasPrefix("peers.") }) { lines += Self.aboutPeers }
        for scenario in Scenarios.all {
            let rows = figures.all.filter { Self.scenario(of: $0) == scenario.name }
            guard !rows.isEmpty else { continue }
            lines += ["## \(scenario.name.prefix(1).uppercased() + scenario.name.dropFirst())", ""]
            lines += ["\(scenario.words.prefix(1).uppercased() + scenario.words.dropFirst()).", ""]
            lines += ["| what | median | range | floor |", "| --- | --- | --- | --- |"]
            lines += rows.map(Self.row) + [""]
        }
        lines += ["## Ratios", "", "| what | median | range | floor |", "| --- | --- | --- | --- |"]
        lines += figures.all.filter { $0.name.hasPrefix("ratio.") }.map(Self.row) + [""]
        lines += ["## Below the floor", ""]
        lines += missed.isEmpty ? ["Nothing."] : missed.map { "- \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What favours whom is said before the figures.
    private static let aboutPeers = [
        "What favours the peers: their statements are replayed without their checks of pooled connections, prepared once, "
            + "and without any work of a client in between, by 8 and by 32 connections, the better of which counts; tasks of "
            + "Absurd are spawned before the clock starts and claimed ten at a time; workflows of DBOS are awaited directly, without a queue or "
            + "a poll; tuned libraries have two processes, ours one.", "",
        "What favours us: their libraries are in Python, ours is compiled; and they commit each step by itself, "
            + "where ours shares commits between workflows. All three acknowledge a step only when it is durable, or let no effect "
            + "begin before it is.", "",
    ]

    private static func scenario(of figure: Figure) -> String {
        let prefix = figure.name.split(separator: ".").first.map { String($0) } ?? ""
        return ["client": "steps", "cost": "costs"][prefix] ?? prefix
    }

    private static func row(_ figure: Figure) -> String {
        let floor = Floor.of(figure)
        let median = NumberText.short(figure.median, figure.unit)
        let isBelow = floor.map { !$0.isMet(by: figure) } ?? false
        return "| \(self.cell(figure.words)) | \(isBelow ? "**\(median)**" : median) | \(FigureTable.range(figure)) | "
            + "\(floor?.words(figure.unit) ?? "") |"
    }

    private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }
}

// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Libpq
import Testing

@testable import DurableCommand

@Suite struct TranscriptTests {
    private static let article: String = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let path = root.appending(path: "Sources/Durable/Durable.docc/TheDurableCommand.md")
        return (try? String(contentsOf: path, encoding: .utf8)) ?? ""
    }()

    /// What is typed in the article, and what it answers.
    private func transcript() -> [(typed: String, shown: [String])] {
        var entries: [(typed: String, shown: [String])] = []
        var isInside = false
        for line in Self.article.split(separator: "\n", omittingEmptySubsequences: true) {
            if line.hasPrefix("```") {
                isInside = line == "```console"
            } else if isInside, line.hasPrefix("$ ") {
                entries.append((String(line.dropFirst(2)), []))
            } else if isInside {
                entries[entries.count - 1].shown.append(String(line))
            }
        }
        return entries
    }

    /// The line without what differs from day to day, and from width to width.
    private func normal(_ line: String) -> String {
        line.replacing(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, with: "TIME")
            .replacing(/(\d+[dhms] ago)|(in (\d+[dhms] ?)+)|now/, with: "AGE ")
            .replacing(/\s+/, with: " ").trimmingCharacters(in: .whitespaces)
    }

    /// The words of a line of a shell, which knows single quotes.
    private func words(_ line: String) -> [String] {
        var words: [String] = []
        for (index, part) in line.split(separator: "'", omittingEmptySubsequences: false).enumerated() {
            words += index % 2 == 1 ? [String(part)] : part.split(separator: " ").map(String.init)
        }
        return words
    }

    @Test func `what the article shows is what the command says`() async throws {
        let entries = self.transcript()
        #expect(entries.count >= 8)
        try await Samples.with { database, connection in
            try await connection.execute("DELETE FROM durable.live WHERE workflow_id = \(Samples.hostile)")
            try await connection.execute("DELETE FROM durable.workflow WHERE id = \(Samples.hostile)")
            var status: Int32 = 0
            for (typed, shown) in entries {
                if typed == "echo $?" {
                    #expect(shown == ["\(status)"], "\(typed)")
                    continue
                }
                let run = try await Invocation.durable(
                    Array(self.words(typed).dropFirst()),
                    on: database.connectionString
                )
                status = run.status
                let said = (run.output + run.errors).split(separator: "\n").map { self.normal(String($0)) }
                #expect(said == shown.map { self.normal($0) }, "\(typed)")
            }
        }
    }

    @Test func `every verb and every status is in the article`() async throws {
        let help = try await Invocation.durable(["--help"], on: nil).lines
        let verbs = help.compactMap { $0.firstMatch(of: /^ {2}([a-z-]+) {2,}/)?.output.1 }
        #expect(verbs.count >= 11)
        for verb in verbs { #expect(Self.article.contains("`\(verb)"), "\(verb)") }
        for status in ExitStatus.allCases { #expect(Self.article.contains("\n| \(status.rawValue) |"), "\(status)") }
    }
}

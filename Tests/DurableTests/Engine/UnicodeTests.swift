// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Libpq
import Testing

@testable import Durable

@Suite struct UnicodeTests {
    private struct Note: Codable, Hashable {
        var text: String
    }

    private static let texts = [
        "\u{0}", "a\u{0}b", "\u{1}\u{8}\u{B}\u{1F}\u{7F}", "\\u0000", "\\\u{0}\"", "\u{2028}\u{2029}",
        "\u{FFFE}\u{FFFF}\u{10FFFF}",
        "\u{1F469}\u{200D}\u{1F680}\u{FE0F}", "e\u{301} is not é", "\u{202E}backwards", "\u{FEFF}bom", "\r\n\t \u{A0}",
    ]

    @Test func `any text comes back exact from input, steps, transactions, errors and results, also after a replay`()
        async throws
    {
        let seen = Recorder<Bool>()
        let program = Program<[Note], [Note]> { input, workflow in
            let stepped = try await workflow.step("step") { _ in input }
            let committed = try await workflow.transaction("transaction") { _ in stepped }
            let mapped = try await workflow.map(committed) { note, branch in
                try await branch.race({ inner in try await inner.step("inner") { _ in note } })
            }
            var thrown: String?
            do {
                try await workflow.step("fails", retry: .never) { _ in throw CardRefused(reason: input[1].text) }
            } catch let error as CardRefused {
                thrown = error.reason
            }
            seen.record(
                Self.isExact(stepped, input) && Self.isExact(committed, input) && Self.isExact(mapped, input)
                    && Self.isExact([Note(text: thrown ?? "")], [input[1]])
            )
            try await workflow.sleep(for: .milliseconds(30))
            return mapped
        }
        let notes = Self.texts.map { Note(text: $0) }
        try await withEngine([program], .replaying) { engine, database in
            let result = try await engine.start(Program<[Note], [Note]>.self, notes, id: "a").result()
            #expect(Self.isExact(result, notes))
            let again = try await engine.start(Program<[Note], [Note]>.self, notes, id: "a")
            #expect(!again.isNew, "the input is the same")
            let client = try DurableClient(database: database.configuration)
            defer { client.shutdown() }
            #expect(Self.isExact(try await client.handle(Program<[Note], [Note]>.self, id: "a").result(), notes))
        }
        #expect(seen.isReplayed)
        #expect(seen.all.first == true)
    }

    /// Compares scalars: Swift finds texts equal that are not the same.
    private static func isExact(_ left: [Note], _ right: [Note]) -> Bool {
        left.map { Array($0.text.unicodeScalars) } == right.map { Array($0.text.unicodeScalars) }
    }

    @Test(arguments: UnicodeTests.texts)
    func `SQL can look into every payload`(text: String) async throws {
        let program = Program<Note, Note> { input, workflow in try await workflow.step("step") { _ in input } }
        try await withEngine([program]) { engine, database in
            try await engine.start(Program<Note, Note>.self, Note(text: text), id: "a").result()
            for column in ["w.input", "j.output", "o.output"] {
                let found = try await database.rows(
                    """
                    SELECT (\(column)->>'text' IS NOT DISTINCT FROM $1 OR \(column)->>'text' IS NULL)::text
                    FROM durable.workflow AS w JOIN durable.journal AS j ON j.workflow_id = w.id
                    JOIN durable.outcome AS o ON o.workflow_id = w.id
                    """,
                    text.contains("\0") ? "" : text
                )
                #expect(found == ["true"], "\(column)")
            }
            let exact = try await database.text("SELECT (output->>'text' IS NOT NULL)::text FROM durable.journal")
            #expect(exact == (text.unicodeScalars.contains("\0") ? "false" : "true"), "only U+0000 is wrapped")
            #expect(try await database.text("SELECT count(*)::text FROM durable.steps") == "1", "and so do the views")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation
import Testing

@Suite struct DocumentationTests {
    @Test func `every Swift block of the README and the articles is code that compiles here`() throws {
        // What must not compile is given to the compiler by CompilationTests; the samples are clients' packages.
        let folders = ["Tests/SnippetTests", "Tests/CompilationTests/Cases", "Tests/Samples"]
        let code = try folders.flatMap { try Document.sources(below: $0).values }.map { text in
            text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        }
        var count = 0
        for document in try [Document("README.md")] + Document.articles() {
            for block in document.blocks("swift") {
                count += 1
                let isHere = code.contains { lines in lines.contains(block) }
                #expect(isHere, "\(document) has a block that no snippet contains:\n\(block.joined(separator: "\n"))")
            }
        }
        #expect(count >= 15)
    }

    @Test func `the diagram of states has the states of the code, no more and no fewer`() throws {
        let diagram = try #require(Document("\(Document.catalog)/HowItWorks.md").blocks("mermaid").first)
        #expect(diagram.first == "stateDiagram-v2")
        var states: Set<String> = []
        for line in diagram.dropFirst() {
            let arrow = line.split(separator: ":")[0].components(separatedBy: "-->")
            for state in arrow { states.insert(state.trimmingCharacters(in: .whitespaces)) }
        }
        states.remove("[*]")
        #expect(states == Set(WorkflowState.allCases.map { $0.rawValue }))
        // What is final leads nowhere but out, and all that is not leads somewhere.
        for state in WorkflowState.allCases {
            let targets = diagram.filter { $0.hasPrefix("\(state.rawValue) -->") }
            #expect(!targets.isEmpty, "\(state)")
            #expect(targets.allSatisfy { $0.hasSuffix("[*]") } == state.isFinal, "\(state)")
        }
    }

    @Test func `the table of options has every option, with its default`() throws {
        let rows = try Document("\(Document.catalog)/Configuration.md").tableRows
        for child in Mirror(reflecting: EngineOptions()).children {
            let name = try #require(child.label)
            // The testing kit's, and nobody else's: not public.
            if name == "hooks" { continue }
            let row = try #require(
                rows.first { $0[0].replacing("-swift.property", with: "") == "``EngineOptions/\(name)``" },
                "no row for \(name)"
            )
            let value: String? =
                switch child.value {
                case let number as Int: number.formatted(.number.locale(Locale(identifier: "en_US")))
                case let duration as Duration where duration < .milliseconds(1):
                    "\(duration.components.attoseconds / 1_000_000_000_000) µs"
                case let duration as Duration: "\(duration.components.seconds) s"
                case let text as String: "`\(text)`"
                default: nil
                }
            if let value { #expect(row[1] == value, "the default of \(name)") }
        }
    }

    /// `Scripts/docs` lets docc check the same, and more; this needs no docc.
    @Test func `articles link to articles that exist and to names that are declared`() throws {
        let articles = try Document.articles()
        let titles = Set(articles.map { $0.name.replacing(".md", with: "") })
        var declared: Set<Substring> = ["Durable"]
        for text in try Document.sources(below: "Sources/Durable").values {
            for match in text.matches(of: #/\b(?:class|struct|enum|protocol|func|var|let|case) (\w+)/#) {
                declared.insert(match.1)
            }
        }
        for article in articles {
            for link in article.text.matches(of: #/<doc:(\w+)>/#) {
                #expect(titles.contains(String(link.1)), "\(article) links to \(link.1)")
            }
            for link in article.text.matches(of: #/``([A-Za-z][^`\s]*)``/#) {
                for part in link.1.split(separator: "/") {
                    let name = part.prefix { $0 != "(" && $0 != "-" }
                    let isDeclared = declared.contains(name)
                    #expect(isDeclared, "\(article) links to \(link.1)")
                }
            }
        }
    }

    @Test func `the overview lists every public type and every article`() throws {
        let overview = try Document("\(Document.catalog)/Durable.md").text
        for (file, text) in try Document.sources(below: "Sources/Durable") {
            for match in text.matches(of: #/(?m)^public (?:final )?(?:class|struct|enum|protocol) (\w+)/#) {
                #expect(overview.contains("``\(match.1)``"), "\(file): \(match.1) is not in the overview")
            }
        }
        for article in try Document.articles() where article.name != "Durable.md" {
            #expect(overview.contains("<doc:\(article.name.replacing(".md", with: ""))>"), "\(article)")
        }
    }
}

extension [String] {
    /// Whether these lines have the other ones in them, one after the other.
    fileprivate func contains(_ block: [String]) -> Bool {
        guard !block.isEmpty, block.count <= self.count else { return false }
        return (0...(self.count - block.count)).contains { self[$0..<($0 + block.count)].elementsEqual(block) }
    }
}

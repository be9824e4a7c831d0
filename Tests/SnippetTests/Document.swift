// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A Markdown file of the project.
struct Document: CustomStringConvertible {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    let name: String
    let text: String

    init(_ path: String) throws {
        self.name = (path as NSString).lastPathComponent
        self.text = try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
    }

    static let catalog = "Sources/Durable/Durable.docc"

    /// The articles of the documentation catalog.
    static func articles() throws -> [Document] {
        try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: Self.catalog).path)
            .filter { $0.hasSuffix(".md") }.sorted().map { try Document("\(Self.catalog)/\($0)") }
    }

    /// The texts of the Swift files below a folder, by their paths.
    static func sources(below folder: String) throws -> [String: String] {
        var texts: [String: String] = [:]
        let files = FileManager.default.enumerator(
            at: Self.root.appending(path: folder),
            includingPropertiesForKeys: nil
        )
        for case let file as URL in files ?? .init() where file.pathExtension == "swift" {
            texts[file.path] = try String(contentsOf: file, encoding: .utf8)
        }
        return texts
    }

    var description: String { self.name }

    /// The fenced blocks of a language, each as its lines without indentation and blank lines.
    func blocks(_ language: String) -> [[String]] {
        var blocks: [[String]] = []
        var current: [String]?
        for line in self.text.split(separator: "\n", omittingEmptySubsequences: false) {
            let trimmed = line.trimmingCharacters(in: .whitespaces)
            if let block = current {
                if trimmed == "```" {
                    blocks.append(block)
                    current = nil
                } else if !trimmed.isEmpty {
                    current?.append(trimmed)
                }
            } else if trimmed == "```\(language)" {
                current = []
            }
        }
        return blocks
    }

    /// The cells of every table row, without the rulers under the headings.
    var tableRows: [[String]] {
        self.text.split(separator: "\n").filter { $0.hasPrefix("|") && !$0.contains("---") }.map { row in
            row.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A file of `Cases`: under `#if MISTAKE` what must not compile, and under `#else` what to write instead.
///
/// Each line that the compiler must refuse ends with a comment: `// error:` and words that its message has.
struct Mistake: CustomTestStringConvertible {
    /// What the compiler must say of a line.
    struct Expectation {
        let line: Int
        let severity: String
        let words: String
    }

    let file: URL
    let expectations: [Expectation]

    var name: String { self.file.deletingPathExtension().lastPathComponent }
    var testDescription: String { self.name }

    init(_ file: URL) throws {
        self.file = file
        let text = try String(contentsOf: file, encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        self.expectations = lines.enumerated().compactMap { index, line in
            guard let match = line.firstMatch(of: /\/\/ (error|warning): (.+)$/) else { return nil }
            return Expectation(line: index + 1, severity: String(match.1), words: String(match.2))
        }
    }

    /// Every file of `Cases`.
    static func all() throws -> [Mistake] {
        let folder = Program.root.appending(path: "Tests/CompilationTests/Cases")
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "swift" }.sorted { $0.path < $1.path }.map { try Mistake($0) }
    }
}

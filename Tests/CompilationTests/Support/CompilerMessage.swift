// SPDX-License-Identifier: Apache-2.0

/// An error or a warning of the compiler: `path:line:column: error: words`.
struct CompilerMessage: CustomStringConvertible {
    let file: String
    let line: Int
    let severity: String
    let words: String

    init?(_ text: some StringProtocol) {
        guard let match = String(text).wholeMatch(of: /(.+?):(\d+):\d+: (error|warning): (.*)/), let line = Int(match.2)
        else { return nil }
        self.file = String(match.1.split(separator: "/").last ?? match.1)
        self.line = line
        self.severity = String(match.3)
        self.words = String(match.4)
    }

    var description: String { "\(self.file):\(self.line): \(self.severity): \(self.words)" }
}

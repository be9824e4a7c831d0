// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A line of the effects file.
struct Effect: Hashable {
    /// Whether it began or ended here.
    var isBeginning: Bool
    var workflow: String
    var place: String
    var attempt: Int
    var pid: Int32
    var fencingToken: Int64
    /// Microseconds since 1970.
    var at: Int64

    init?(_ line: Substring) {
        let words = line.split(separator: " ")
        guard words.count == 7, let attempt = Int(words[3]), let pid = Int32(words[4]), let token = Int64(words[5]),
            let at = Int64(words[6])
        else { return nil }
        self.isBeginning = words[0] == "begin"
        self.workflow = String(words[1])
        self.place = String(words[2])
        self.attempt = attempt
        self.pid = pid
        self.fencingToken = token
        self.at = at
    }

    /// All lines of a file, in the order in which they were written.
    static func all(in path: String) -> [Effect] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").compactMap { Effect($0) }
    }
}

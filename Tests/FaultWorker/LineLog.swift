// SPDX-License-Identifier: Apache-2.0

import Logging

/// Logs to the standard output, a line per message, for the test to read.
struct LineLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = self.metadata.merging(event.metadata ?? [:]) { _, new in new }
        let words = all.sorted { $0.key < $1.key }.map { key, value in
            "\(key)=\("\(value)".split(whereSeparator: \.isNewline).joined(separator: " "))"
        }
        System.write("log \(event.level) \(event.message) \(words.joined(separator: " "))", to: 1)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Logging

/// Logs to a file, a line per message.
struct LineLog: LogHandler {
    let descriptor: Int32
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info

    init(descriptor: Int32) { self.descriptor = descriptor }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = self.metadata.merging(event.metadata ?? [:]) { _, new in new }
        let words = all.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        self.write("\(event.level) \(event.message) \(words.joined(separator: " "))")
    }

    func write(_ text: String) {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        System.write("\(System.now()) \(System.pid) \(line)", to: self.descriptor)
    }
}

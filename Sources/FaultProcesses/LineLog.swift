// SPDX-License-Identifier: Apache-2.0

package import Logging

/// Logs to a file, a line per message.
package struct LineLog: LogHandler {
    private let descriptor: Int32
    private let beginning: @Sendable () -> String
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level = .info

    /// Logs to a file, or to what stands in its place.
    ///
    /// - Parameter beginning: What each line begins with.
    package init(descriptor: Int32, beginning: @escaping @Sendable () -> String) {
        self.descriptor = descriptor
        self.beginning = beginning
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = self.metadata.merging(event.metadata ?? [:]) { _, new in new }
        let words = all.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        self.write("\(event.level) \(event.message) \(words.joined(separator: " "))")
    }

    /// Writes a line of its own.
    package func write(_ text: String) {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        System.write("\(self.beginning()) \(line)", to: self.descriptor)
    }
}

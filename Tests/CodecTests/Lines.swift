// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization

/// Keeps every line that is logged, metadata included.
final class Lines: Sendable {
    private let storage = Mutex<[String]>([])

    var all: [String] { self.storage.withLock { $0 } }

    var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = "\(event.message) \(self.metadata) \(event.metadata ?? [:])"
            self.lines.storage.withLock { $0.append(line) }
        }
    }
}

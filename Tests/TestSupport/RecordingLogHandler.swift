// SPDX-License-Identifier: Apache-2.0

package import Logging

/// Keeps the lines of a log, each as `level: message metadata`.
package struct RecordingLogHandler: LogHandler {
    private let recorder: Recorder<String>
    package var metadata: Logger.Metadata = [:]
    package var logLevel = Logger.Level.trace

    package init(recorder: Recorder<String>) { self.recorder = recorder }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let metadata = self.metadata.merging(event.metadata ?? [:]) { _, own in own }
        self.recorder.record("\(event.level): \(event.message) \(metadata)")
    }
}

extension Logger {
    /// A logger whose lines a test can read.
    package init(recordingTo recorder: Recorder<String>) {
        self.init(label: "test", factory: { _ in RecordingLogHandler(recorder: recorder) })
    }
}

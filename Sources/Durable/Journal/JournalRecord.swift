// SPDX-License-Identifier: Apache-2.0

/// One row of the journal: the result of a call (phase 0), a note that must be durable before that result (phase 1…), or a
/// mark that it was replayed with other inputs (phase -1, -2…).
package struct JournalRecord: Sendable {
    package var place: Place
    package var phase: Int16
    package var kind: JournalKind
    package var name: String
    /// Which attempt this row tells of, from 1.
    package var attempt: Int16 = 1
    /// The database's time, in microseconds since 2000-01-01, as the recording process knew it.
    package var at: Int64
    /// How long the body ran.
    package var seconds: Float?
    /// When to wake up or to try again, in the database's time.
    package var due: Int64?
    package var output: Payload?
    package var error: [UInt8]?
    /// The hash of the call's inputs, where they are compared on replay.
    package var fingerprint: Int64?
    /// Number of the process that wrote it; 0 in a record that was not read from the database.
    package var executor: Int32 = 0

    /// About how many bytes the row takes in a batch.
    package var size: Int { 96 + self.name.utf8.count + (self.output?.size ?? 0) + (self.error?.count ?? 0) }

    /// A payload as loaded: its bytes, or only its size where it is so large that it is fetched when it is needed.
    package enum Payload: Sendable {
        case bytes([UInt8])
        case stored(size: Int)

        package var size: Int {
            switch self {
            case .bytes(let bytes): bytes.count
            case .stored(let size): size
            }
        }
    }
}

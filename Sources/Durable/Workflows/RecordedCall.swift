// SPDX-License-Identifier: Apache-2.0

/// A call that had ended, as the journal has it.
///
/// A class for the reason that `LiveCall` is one.
final class RecordedCall: Sendable {
    let record: JournalRecord
    /// The call as people see it.
    let label: String

    init(_ record: JournalRecord, label: String) {
        self.record = record
        self.label = label
    }
}

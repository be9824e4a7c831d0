// SPDX-License-Identifier: Apache-2.0

/// The place holds this run's own record: its value counts.
struct AlreadyRecorded: Error {
    let record: JournalRecord
}

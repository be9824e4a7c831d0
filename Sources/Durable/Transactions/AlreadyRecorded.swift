// SPDX-License-Identifier: Apache-2.0

/// The place holds this run's own record: its value counts.
struct AlreadyRecorded: Error {
    let record: JournalRecord
}

extension WorkflowContext {
    /// Goes on with what a transaction without a reply has left.
    ///
    /// Seen is not yet durable: its session may have been ended while it waited for a standby. No effect starts before a commit
    /// of this process that begins now.
    func found(_ recorded: AlreadyRecorded, by call: LiveCall) -> RecordedCall {
        if let ticket = self.engine.writer.submit(.commit, for: self.run.lane) { self.lastTicket = ticket }
        self.clock = max(self.clock, recorded.record.at)
        return RecordedCall(recorded.record, label: call.label)
    }
}

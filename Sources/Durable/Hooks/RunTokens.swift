// SPDX-License-Identifier: Apache-2.0

extension WorkflowContext {
    /// The token that every row of this run carries: for the records of effects that the fault suite keeps beside the tables.
    package var runToken: Int64 { self.run.lane.token }
}

extension StepContext {
    /// The token that every row of this run carries: for the records of effects that the fault suite keeps beside the tables.
    package var runToken: Int64 { self.running.run.lane.token }
}

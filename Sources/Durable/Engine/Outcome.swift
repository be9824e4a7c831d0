// SPDX-License-Identifier: Apache-2.0

/// How a workflow ended, as it was recorded.
package struct Outcome: Sendable, Equatable {
    package var status: WorkflowState
    package var output: [UInt8]?
    package var error: [UInt8]?

    /// The result, or the error that a handle throws.
    func value<T: Decodable>(
        as type: T.Type,
        of id: String,
        coder: PayloadCoder,
        failures: [any (Error & Codable & Sendable).Type]
    ) throws -> T {
        switch self.status {
        case .succeeded:
            return try coder.decode(type, from: self.output)
        case .cancelled:
            let recorded = try self.error.map { try RecordedError(decoding: $0, by: coder) }
            let reason = recorded.map { $0.message } ?? ""
            throw DurableError(
                .workflowCancelled,
                "the workflow was cancelled" + (reason.isEmpty ? "" : ": \(reason)"),
                workflow: id
            )
        default:
            let recorded = try self.error.map { try RecordedError(decoding: $0, by: coder) }
            let thrown = try recorded?.thrown(declared: failures, coder: coder)
            if let thrown, !(thrown is StepFailure) { throw thrown }
            let failure = recorded?.failure
            throw DurableError(
                .workflowFailed,
                "the workflow failed: \(failure.map { $0.description } ?? "nothing is recorded of the error")",
                workflow: id,
                underlying: failure
            )
        }
    }
}

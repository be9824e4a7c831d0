// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

/// What a handle says about a workflow that was cancelled.
func expectCancelled<Output>(
    _ handle: WorkflowHandle<Output>,
    _ reason: String?,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let error = await #expect(throws: DurableError.self, sourceLocation: sourceLocation) {
        try await handle.result()
    }
    #expect(error?.code == .workflowCancelled, sourceLocation: sourceLocation)
    #expect(
        error?.message == "the workflow was cancelled" + (reason.map { ": \($0)" } ?? ""),
        sourceLocation: sourceLocation
    )
    let status = try await handle.status()
    #expect(status.state == .cancelled, sourceLocation: sourceLocation)
    #expect(status.error?.message == reason ?? "", sourceLocation: sourceLocation)
}

// SPDX-License-Identifier: Apache-2.0

import Libpq

extension WorkflowOperations {
    /// Deletes a workflow that has ended, with all that it has recorded and all that it has started; its id is free again.
    ///
    /// - Parameters:
    ///   - id: The workflow, which has ended, and whose parent, if it has one, is deleted.
    ///   - reason: Why, for the audit.
    /// - Returns: How many workflows were deleted.
    /// - Throws: ``DurableError``: `workflowNotFound`; `wrongState` when it or one that it has started has not ended, or when the
    ///   one that started it is still there.
    @discardableResult
    public func delete(_ id: String, reason: String) async throws -> Int {
        let rows = try await self.call(self.retention.delete, [Parameter(id), Parameter(reason)], workflow: id)
        return Int(try rows[0].decode(0, as: Int64.self))
    }
}

// SPDX-License-Identifier: Apache-2.0

public import Durable

/// A helper in a library with upcoming features.
public func carefulTotal(_ lines: [Int], in workflow: WorkflowContext) async throws -> Int {
    try await workflow.step("careful-total") { _ in lines.reduce(0, +) }
}

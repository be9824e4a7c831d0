// SPDX-License-Identifier: Apache-2.0

import Durable

/// A helper in a library without upcoming features: it says itself that it runs where its caller runs, so that everybody can
/// hand it a context.
public nonisolated(nonsending) func plainTotal(_ lines: [Int], in workflow: WorkflowContext) async throws -> Int {
    try await workflow.step("plain-total") { _ in lines.reduce(0, +) }
}

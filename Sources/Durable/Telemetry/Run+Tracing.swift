// SPDX-License-Identifier: Apache-2.0

import Tracing

extension Run {
    /// Runs an attempt within a span of its own, where spans are collected.
    func traced<T>(_ step: @autoclosure () -> StepCall, _ attempt: () async throws -> T) async throws -> T {
        guard let tracing = self.engine.tracing else { return try await attempt() }
        let span = tracing.began(step(), in: ServiceContext.current ?? self.span.context)
        defer { span.end() }
        return try await ServiceContext.withValue(span.context) {
            do {
                return try await attempt()
            } catch {
                if !(error is WorkflowInterruption || error is AlreadyRecorded) {
                    span.setStatus(SpanStatus(code: .error, message: "\(type(of: error))"))
                }
                throw error
            }
        }
    }
}

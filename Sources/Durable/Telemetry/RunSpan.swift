// SPDX-License-Identifier: Apache-2.0

import Tracing

/// The span of one run of a workflow; none where nobody collects spans.
struct RunSpan: Sendable {
    private let span: (any Span)?

    init(_ span: (any Span)? = nil) { self.span = span }

    /// What the spans of its steps and the traces of its children hang on.
    var context: ServiceContext? { self.span?.context }

    /// Calls something in the run's context.
    func within<T>(_ body: () throws -> T) rethrows -> T {
        guard let span else { return try body() }
        return try ServiceContext.withValue(span.context) { try body() }
    }

    /// The run is over.
    ///
    /// - Parameter outcome: The workflow's state, or why the run was interrupted.
    func end(_ outcome: String, isError: Bool) {
        guard let span else { return }
        span.attributes["durable.run.end"] = outcome
        if isError { span.setStatus(SpanStatus(code: .error, message: outcome)) }
        span.end()
    }
}

// SPDX-License-Identifier: Apache-2.0

import Tracing

/// Spans of an engine: one for each run of a workflow, and one for each attempt of a step that is not replayed.
///
/// What replay finds recorded makes no span. A span never holds a payload, nor an error's words: its type only.
struct EngineTracing: Sendable {
    /// A context that is larger than this is not kept in the row.
    private static let carrierLimit = 8 << 10

    private let tracer: any Tracer

    /// Nil when nobody collects spans.
    init?(_ tracer: any Tracer) {
        if tracer is NoOpTracer { return nil }
        self.tracer = tracer
    }

    // MARK: - The row

    /// A context as the row keeps it; nil when there is nothing to hand on.
    func carrier(of context: ServiceContext?) -> [UInt8]? {
        guard let context, !context.isEmpty else { return nil }
        var carrier: [String: String] = [:]
        self.tracer.inject(context, into: &carrier, using: TraceCarrier())
        guard !carrier.isEmpty else { return nil }
        // What a tracer makes that cannot be kept is no reason not to start a workflow.
        return try? PayloadCoder(limit: Self.carrierLimit).encode(carrier, as: "the trace context") ?? nil
    }

    /// The context that a row keeps; nil when it keeps none that this process can read.
    func context(of carrier: [UInt8]?) -> ServiceContext? {
        guard let carrier, let carrier = try? PayloadCoder().decode([String: String].self, from: carrier) else {
            return nil
        }
        var context = ServiceContext.topLevel
        self.tracer.extract(carrier, into: &context, using: TraceCarrier())
        return context.isEmpty ? nil : context
    }

    // MARK: - Spans

    /// A run has begun: within the trace of whoever started its workflow, and linked to it when it goes on later or elsewhere.
    func began(_ plan: RunPlan) -> RunSpan {
        let starter = plan.isResumed ? self.context(of: plan.trace) : plan.starter
        let span: any Span = self.tracer.startSpan(
            plan.name,
            context: starter ?? .topLevel,
            ofKind: plan.isResumed ? .consumer : .internal
        )
        span.attributes["durable.workflow.id"] = plan.id
        span.attributes["durable.workflow.name"] = plan.name
        span.attributes["durable.run.resumed"] = plan.isResumed
        if plan.isResumed, let starter {
            span.addLink(SpanLink(context: starter, attributes: ["durable.link": "started_by"]))
        }
        return RunSpan(span)
    }

    /// An attempt of a step begins.
    func began(_ step: StepCall, in context: ServiceContext?) -> any Span {
        let span: any Span = self.tracer.startSpan(step.name, context: context ?? .topLevel, ofKind: .internal)
        span.attributes["durable.workflow.id"] = step.workflowID
        span.attributes["durable.workflow.name"] = step.workflowName
        span.attributes["durable.step.name"] = step.label
        span.attributes["durable.step.kind"] = step.kind.rawValue
        span.attributes["durable.step.attempt"] = step.attempt
        return span
    }
}

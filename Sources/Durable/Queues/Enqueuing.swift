// SPDX-License-Identifier: Apache-2.0

import Tracing

/// How an engine or a client puts workflows into queues; see ``WorkflowEnqueuer``.
///
/// What stands around a start stands around this too: interceptors, the caller's trace, and what is counted and told.
public struct Enqueuing: Sendable {
    let directory: WorkflowDirectory
    private let tracing: EngineTracing?
    private let surroundings: Surroundings?
    private let metrics: EngineMetrics?

    init(engine: EngineCore) {
        self.directory = engine.directory
        self.tracing = engine.tracing
        self.surroundings = engine.surroundings
        self.metrics = engine.metrics
    }

    init(client directory: WorkflowDirectory) {
        self.directory = directory
        self.tracing = EngineTracing(InstrumentationSystem.tracer)
        self.surroundings = nil
        self.metrics = nil
    }

    /// A workflow that was put into a queue.
    struct Started: Sendable {
        let call: StartCall
        let isNew: Bool

        var id: String { self.call.workflowID }
    }

    /// Counts and tells what is committed.
    func announce(_ started: [Started]) {
        for start in started {
            if start.isNew { self.metrics?[start.call.workflowName].wasStarted() }
            self.surroundings?.tell(.started(start.call, isNew: start.isNew))
        }
    }

    /// The handle of a workflow that was put into a queue.
    func handle<W: Workflow>(_ type: W.Type, _ started: Started) -> WorkflowHandle<W.Output> {
        WorkflowHandle(id: started.id, isNew: started.isNew, directory: self.directory, failures: W.failures)
    }

    /// Puts one workflow into a queue.
    ///
    /// - Parameter send: Does so, and returns whether it is new.
    func one<W: Workflow>(
        _ type: W.Type,
        _ input: W.Input,
        id: String?,
        _ options: EnqueueOptions,
        _ send: @escaping (EnqueueRequest, WorkflowStart) async throws -> Bool
    ) async throws -> Started {
        let coder = self.directory.coder
        let request = try EnqueueRequest(type, options, trace: self.trace, coder: coder)
        let start = try WorkflowStart(type, input, id: id, coder: coder)
        let call = StartCall(workflowID: start.id, workflowName: start.name, version: Int(start.version))
        guard let surroundings else { return Started(call: call, isNew: try await send(request, start)) }
        return Started(call: call, isNew: try await surroundings.start(call) { try await send(request, start) })
    }

    /// Puts many workflows into a queue.
    ///
    /// Interceptors are asked for one item after the other, before all that pass are sent at once.
    ///
    /// - Parameter send: Does so, and returns what became of each.
    func many<W: Workflow>(
        _ type: W.Type,
        _ inputs: [W.Input],
        ids: [String]?,
        _ options: EnqueueOptions,
        _ send: (EnqueueRequest, EnqueueRequest.Items) async throws -> [(result: String, reason: String?)]
    ) async throws -> (outcomes: [EnqueueOutcome], started: [Started]) {
        let coder = self.directory.coder
        let request = try EnqueueRequest(type, options, trace: self.trace, coder: coder)
        var items = try EnqueueRequest.Items(inputs, ids: ids, name: W.name, coder: coder)
        func call(_ id: String) -> StartCall {
            StartCall(workflowID: id, workflowName: request.name, version: Int(request.version))
        }
        if let surroundings {
            try await items.refuse { id in
                do {
                    try await surroundings.start(call(id)) {}
                    return nil
                } catch let error as CancellationError {
                    throw error
                } catch {
                    return (error as? DurableError)?.message ?? "\(error)"
                }
            }
        }
        let outcomes = try items.outcomes(try await send(request, items))
        let started = outcomes.compactMap { outcome -> Started? in
            switch outcome.result {
            case .started: Started(call: call(outcome.id), isNew: true)
            case .existing: Started(call: call(outcome.id), isNew: false)
            case .refused: nil
            }
        }
        return (outcomes, started)
    }

    private var trace: [UInt8]? { self.tracing?.carrier(of: ServiceContext.current) }
}

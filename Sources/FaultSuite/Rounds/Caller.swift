// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation
import Synchronization

/// The outside of a round: starts programs, sends messages, completes tokens, cancels, and is told how things end.
///
/// Everything that it asks for it asks for until it is heard, so that everything can be asked for once more when the server
/// has lost the past.
final class Caller: Sendable {
    private struct State {
        var accepted: [String: Scenario] = [:]
        var byWorker: Set<String> = []
        var ended: Set<String> = []
        /// Those of them whose callers are to be told how.
        var decided: Set<String> = []
        var cancelled: Set<String> = []
        var told: [String: Told] = [:]
        /// What was answered to updates, by workflow and request.
        var answers: [Evidence.Row: Talk.Answer] = [:]
        var tokens: [String: (workflow: String, value: Int)] = [:]
        var refusals: [Violation] = []
        var tasks: [Task<Void, Never>] = []
        var restores = 0
    }

    private let arena: Arena
    private let client: DurableClient
    private let state = Mutex(State())

    init(_ arena: Arena) throws {
        self.arena = arena
        self.client = try DurableClient(database: arena.clientConfiguration, connections: 4, poll: .milliseconds(250))
    }

    var accepted: [String: Scenario] { self.state.withLock { $0.accepted } }
    var cancelled: Set<String> { self.state.withLock { $0.cancelled } }
    var told: [String: Told] { self.state.withLock { $0.told } }
    var answers: [Evidence.Row: Talk.Answer] { self.state.withLock { $0.answers } }
    var refusals: [Violation] { self.state.withLock { $0.refusals } }
    /// How many accepted programs have neither ended nor been paused, as far as is known.
    var inFlight: Int { self.state.withLock { $0.accepted.count - $0.ended.count } }

    /// Whether everybody was told whose program has ended.
    var areAllTold: Bool { self.state.withLock { $0.decided.isSubset(of: $0.told.keys) } }

    func shutdown() {
        let tasks = self.state.withLock { $0.tasks }
        for task in tasks { task.cancel() }
        self.client.shutdown()
    }

    // MARK: - Programs

    /// Starts a program, and sees to everything that it needs from outside.
    func take(_ scenario: Scenario, _ random: inout SplitMix) async {
        if scenario.isStartedByWorker, let worker = self.arena.fleet.anyReady(&random) {
            worker.start(scenario)
            try? await Deadline.wait("a worker starts \(scenario.id)", within: .seconds(2)) {
                self.state.withLock { $0.byWorker.contains(scenario.id) }
            }
        }
        // Again, if a worker did it: that it was accepted is all the same to a second start.
        await self.start(scenario)
        self.state.withLock { $0.accepted[scenario.id] = scenario }
        self.lookAfter(scenario)
    }

    /// A worker says that it has started something.
    func workerAccepted(_ id: String) { self.state.withLock { _ = $0.byWorker.insert(id) } }

    private func start(_ scenario: Scenario) async {
        await self.insist(on: "the start", of: scenario.id) {
            if scenario.isQueued {
                var options = EnqueueOptions()
                options.queue = Talk.queue.name
                if scenario.version == 1 {
                    try await self.client.enqueue(
                        ProgramWorkflow.self,
                        scenario.program,
                        id: scenario.id,
                        options: options
                    )
                } else {
                    try await self.client.enqueue(
                        LaterProgramWorkflow.self,
                        scenario.program,
                        id: scenario.id,
                        options: options
                    )
                }
            } else if scenario.version == 1 {
                try await self.client.start(ProgramWorkflow.self, scenario.program, id: scenario.id)
            } else {
                try await self.client.start(LaterProgramWorkflow.self, scenario.program, id: scenario.id)
            }
        }
    }

    private func lookAfter(_ scenario: Scenario) {
        let random = SplitMix(seed: scenario.seed)
        let restores = self.arena.restores
        for signal in scenario.program.signals {
            self.spawn { [random] in
                var random = random
                for number in 1...max(1, signal.count) {
                    try? await Task.sleep(for: .milliseconds(random.pick(0...200)))
                    // Each is accepted before the next one is sent; the key makes it one, however often it is sent. Where what
                    // was accepted is lost, somebody else begins with the first.
                    await self.insist(on: "signal \(signal.name)", of: scenario.id, since: restores) {
                        try await self.client.signal(scenario.id, signal.name, number, key: "\(number)")
                    }
                }
            }
        }
        for update in scenario.program.updates {
            self.spawn { await self.ask(scenario.id, update.name, update.count, since: restores) }
        }
        for planned in scenario.program.all {
            guard case .event(isOwn: false) = planned.operation.action else { continue }
            let operation = planned.operation
            self.spawn { [random] in
                var random = random.branched(by: operation.name)
                try? await Task.sleep(for: .milliseconds(random.pick(0...2_500)))
                // More than once, if the reply is lost: whoever waits for it receives one of them.
                await self.insist(on: "event \(operation.name)", of: scenario.id) {
                    let key = Talk.eventKey(scenario.id, operation.name)
                    try await self.client.publish(Talk.event, operation.number, key: key)
                }
            }
        }
        if let delay = scenario.cancelledAfter {
            self.spawn {
                try? await Task.sleep(for: .milliseconds(delay))
                await self.cancel(scenario.id)
            }
        }
    }

    /// Asks one thing after the other, each until it is answered; the caller's id makes it one, however often it is asked.
    private func ask(_ id: String, _ name: String, _ count: Int, since restores: Int) async {
        for number in 1...max(1, count) {
            let request = Talk.requestID(name, number)
            var answer: Talk.Answer?
            await self.insist(on: "update \(request)", of: id, since: restores) {
                while answer == nil, !Task.isCancelled, !self.arena.hasLostPast(since: restores) {
                    answer = try await self.client.update(
                        id,
                        Talk.update(name),
                        number,
                        id: request,
                        within: .seconds(5)
                    )
                }
            }
            // Nobody answers any more.
            guard let answer else { return }
            self.state.withLock { $0.answers[Evidence.Row(workflow: id, name: request)] = answer }
        }
    }

    private func cancel(_ id: String) async {
        // Before it is heard: from here on it may be cancelled.
        self.state.withLock { _ = $0.cancelled.insert(id) }
        await self.insist(on: "the cancellation", of: id) { try await self.client.cancel(id, reason: "asked for") }
    }

    private func complete(_ token: String, _ workflow: String, _ value: Int) {
        self.spawn {
            await self.insist(on: "token \(value)", of: workflow) {
                try await self.client.complete(token: token, with: value)
            }
        }
    }

    private func spawn(_ work: @escaping @Sendable () async -> Void) {
        let task = Task { await work() }
        self.state.withLock { $0.tasks.append(task) }
    }

    /// Repeats while the database is away; what else is said goes into the report.
    ///
    /// - Parameter restores: After which loss of the past it is asked for; after another one not any more.
    private func insist(
        on what: String,
        of id: String,
        since restores: Int? = nil,
        _ call: () async throws -> Void
    ) async {
        while !Task.isCancelled {
            if let restores, self.arena.hasLostPast(since: restores) { return }
            do {
                return try await call()
            } catch let error as DurableError where Self.passes(error) {
                try? await Task.sleep(for: .milliseconds(50))
            } catch let error as DurableError where error.code == .workflowEnded {
                // Cancelled, or of a past that was lost: nobody waits for it any more.
                return
            } catch is CancellationError {
                return
            } catch {
                if self.arena.restoredAt != nil || self.arena.isBeingRestored { return }
                self.state.withLock {
                    $0.refusals.append(
                        Violation(invariant: "callers are served", workflow: id, words: "\(what): \(error)")
                    )
                }
                return
            }
        }
    }

    private static func passes(_ error: DurableError) -> Bool { error.code == .databaseUnavailable }

    // MARK: - What is seen

    /// A line of a worker's file.
    func saw(_ line: EffectLine) {
        switch line.kind {
        case .cancel: self.spawn { await self.cancel(line.workflow) }
        case .token:
            guard let value = Int(line.name.dropFirst("hand out op".count)) else { return }
            let isNew = self.state.withLock {
                $0.tokens.updateValue((line.workflow, value), forKey: line.detail) == nil
            }
            if isNew { self.complete(line.detail, line.workflow, value) }
        case .run, .begin, .end, .wrong: break
        }
    }

    /// Programs that have ended or are paused, by how; everything else goes on.
    func saw(ended: [String: String]) {
        let news = self.state.withLock { state -> [String] in
            state.ended = Set(ended.keys).intersection(state.accepted.keys)
            let before = state.decided
            state.decided = state.ended.filter { ended[$0] != "paused" }
            return Array(state.decided.subtracting(before))
        }
        for id in news { self.spawn { await self.hear(id) } }
    }

    /// What a caller is told of the end.
    private func hear(_ id: String) async {
        await self.insist(on: "the result", of: id) {
            let handle = self.client.handle(LaterProgramWorkflow.self, id: id)
            let told: Told
            do {
                guard let end = try await handle.result(within: .seconds(10)) else { return }
                told = .succeeded(end.digest)
            } catch is ProgramFailure {
                told = .failed
            } catch let error as DurableError where error.code == .workflowCancelled {
                told = .cancelled
            }
            self.state.withLock { $0.told[id] = told }
        }
    }

    /// The server has lost the past: everything is asked for once more.
    func renew() {
        let (scenarios, tokens) = self.state.withLock { ($0.accepted.values.sorted { $0.id < $1.id }, $0.tokens) }
        self.spawn {
            for scenario in scenarios {
                await self.start(scenario)
                self.lookAfter(scenario)
                if self.cancelled.contains(scenario.id) { await self.cancel(scenario.id) }
            }
            for (token, known) in tokens { self.complete(token, known.workflow, known.value) }
        }
    }
}

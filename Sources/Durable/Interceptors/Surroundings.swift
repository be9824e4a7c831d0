// SPDX-License-Identifier: Apache-2.0

/// What a service has put around the calls of its engine: interceptors in their way, observers beside it.
///
/// An engine without any has none, and pays with one look at nil.
final class Surroundings: Sendable {
    private let interceptors: [any Interceptor]
    private let feed: ObserverFeed

    /// Nil where there is nobody to call.
    init?(_ interceptors: [any Interceptor], _ feed: ObserverFeed) {
        if interceptors.isEmpty, feed.isEmpty { return nil }
        self.interceptors = interceptors
        self.feed = feed
    }

    func tell(_ event: WorkflowEvent) { self.feed.tell(event) }

    func close() async { await self.feed.close() }

    // MARK: - What may be refused

    func start<Value>(_ call: StartCall, _ body: @escaping () async throws -> Value) async throws -> Value {
        try await self.refusable("start", body) { try await $0.start(call, $1) }
    }

    func step<Value>(_ call: StepCall, _ body: @escaping () async throws -> Value) async throws -> Value {
        self.feed.tell(.stepBegan(call))
        let began = ContinuousClock.now
        let result = await Self.result { try await self.refusable("step", body) { try await $0.step(call, $1) } }
        self.feed.tell(.stepEnded(call, Passage.End(result), after: ContinuousClock.now - began))
        return try result.get()
    }

    private func refusable<Value>(
        at index: Int = 0,
        _ name: String,
        _ body: @escaping () async throws -> Value,
        _ invoke: @escaping (any Interceptor, Proceed) async throws -> Void
    ) async throws -> Value {
        guard index < self.interceptors.count else { return try await body() }
        let interceptor = self.interceptors[index]
        let ended = Ended<Value>()
        func next() async throws {
            guard ended.begin() else { throw Self.misuse(interceptor, name, "has called proceed() twice") }
            let result = await Self.result { try await self.refusable(at: index + 1, name, body, invoke) }
            ended.result = result
            _ = try result.get()
        }
        do {
            try await invoke(interceptor, Proceed(body: next))
        } catch {
            // What ends the run is never replaced by something else.
            if case .failure(let own) = ended.result, own is WorkflowInterruption { throw own }
            throw error
        }
        guard let result = ended.result else {
            throw Self.misuse(interceptor, name, "has returned without proceed(); to refuse, it throws")
        }
        return try result.get()
    }

    // MARK: - What may only be looked at

    func run<Value>(_ call: RunCall, _ body: @escaping () async throws -> Value) async throws -> Value {
        self.feed.tell(.runBegan(call))
        let result = await self.passing(body) { await $0.run(call, $1) }
        self.feed.tell(.runEnded(call, Passage.End(result)))
        return try result.get()
    }

    func wait<Value>(_ call: WaitCall, _ body: @escaping () async throws -> Value) async throws -> Value {
        self.feed.tell(.waitBegan(call))
        let result = await self.passing(body) { await $0.wait(call, $1) }
        self.feed.tell(.waitEnded(call, Passage.End(result)))
        return try result.get()
    }

    func child<Value>(_ call: ChildCall, _ body: @escaping () async throws -> Value) async throws -> Value {
        let result = await self.passing(body) { await $0.child(call, $1) }
        if case .success = result { self.feed.tell(.childrenStarted(call)) }
        return try result.get()
    }

    private func passing<Value>(
        at index: Int = 0,
        _ body: @escaping () async throws -> Value,
        _ invoke: @escaping (any Interceptor, Passage) async -> Void
    ) async -> Result<Value, any Error> {
        guard index < self.interceptors.count else { return await Self.result(body) }
        let ended = Ended<Value>()
        func next() async -> Passage.End {
            if ended.begin() { ended.result = await self.passing(at: index + 1, body, invoke) }
            return ended.result.map { Passage.End($0) } ?? .interrupted
        }
        await invoke(self.interceptors[index], Passage(body: next))
        if let result = ended.result { return result }
        // It did not proceed: the call is made all the same.
        _ = await next()
        return ended.result ?? .failure(WorkflowInterruption(.superseded))
    }

    // MARK: - Parts

    /// How a call has ended, once it has.
    private final class Ended<Value> {
        var result: Result<Value, any Error>?
        private var hasBegun = false

        /// Whether this is the first time.
        func begin() -> Bool {
            defer { self.hasBegun = true }
            return !self.hasBegun
        }
    }

    private static func result<Value>(_ body: () async throws -> Value) async -> Result<Value, any Error> {
        do {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }

    private static func misuse(_ interceptor: any Interceptor, _ name: String, _ words: String) -> DurableError {
        DurableError(.invalidArgument, "the interceptor \(type(of: interceptor)) \(words) (in \(name))")
    }
}

extension Passage.End {
    init<Value>(_ result: Result<Value, any Error>) {
        switch result {
        case .success: self = .returned
        case .failure(let error) where error is WorkflowInterruption: self = .interrupted
        case .failure(let error): self = .threw(type: "\(type(of: error))")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

public import CoreMetrics
public import Tracing

/// How an engine behaves.
///
/// Every option has a default that is meant to be kept.
///
/// ```swift
/// var options = EngineOptions()
/// options.name = "checkout-1"
/// options.drain = .seconds(25)
/// let engine = try DurableEngine(database: .environment, workflows: [Checkout()], options: options)
/// ```
public struct EngineOptions: Sendable {
    /// When the result of a step is durable.
    public enum Durability: Sendable, Hashable {
        /// Before the next effect begins, or anybody outside sees it. The default, and as safe as `immediate`.
        case beforeNextEffect
        /// Before the step returns: for code that lets values out by other doors than the context.
        case immediate
    }

    /// The schema that holds the engine's tables.
    ///
    /// Default: `durable`.
    public var schema = "durable"
    /// Whether `run()` applies missing migrations, or only checks that they were applied.
    ///
    /// Default: on boot.
    public var migrate: MigrationMode = .onBoot
    /// A label for people, shown in `durable.executors`.
    ///
    /// A name that survives restarts (a StatefulSet's host name) lets a restarted process take over its former self at
    /// once. Default: nil, which is the host name and the process id.
    public var name: String?
    /// The build of the program, shown in `durable.executors`: what tells code that is not deterministic from code that was
    /// changed, see ``InputCheck``.
    ///
    /// Default: nil, which is a hash of the executable's contents. Where code lives in dynamic libraries besides, say which
    /// build it is, such as the commit that it was built from.
    public var build: String?
    /// Connections of the journal writer.
    ///
    /// Default: 2; the second one is used under load only.
    public var journalConnections = 2
    /// Connections of transaction steps, at most.
    ///
    /// Default: 4.
    public var transactionConnections = 4
    /// How long this process counts as alive after its last sign of life.
    ///
    /// Default: 15 s, renewed every third of it.
    public var lease: Duration = .seconds(15)
    /// How often this process looks for due and queued workflows.
    ///
    /// Default: 1 s.
    public var poll: Duration = .seconds(1)
    /// Whether this process listens for notifications on a connection of its own, so that what comes in wakes its workflow at
    /// once, and not at the next poll.
    ///
    /// Default: true. Everything works without it, as behind a pooler that hands out sessions per transaction.
    public var listen = true
    /// The longest wait that is held in memory; a workflow that waits longer is parked.
    ///
    /// Default: 30 s.
    public var hold: Duration = .seconds(30)
    /// How many workflows this process has in memory at most.
    ///
    /// Default: 10,000; further ones are left queued for any process.
    public var maxInMemory = 10_000
    /// How long running steps may take to end when the service shuts down.
    ///
    /// Default: 20 s, below Kubernetes' 30.
    public var drain: Duration = .seconds(20)
    /// The queues that this process declares, with their limits.
    ///
    /// Default: none; what is enqueued without naming a queue is in ``WorkflowQueue/defaultName``, which has no limits.
    public var queues: [WorkflowQueue] = []
    /// The largest payload, in bytes of JSON.
    ///
    /// Default: 8 MiB.
    public var payloadLimit = 8 << 20
    /// After how many deaths of its process without any progress in between a workflow is paused.
    ///
    /// Default: 10.
    public var recoveries = 10
    /// The retry policy of steps that name none.
    ///
    /// Default: three attempts.
    public var retry: RetryPolicy = .default
    /// When the result of a step is durable.
    ///
    /// Default: before the next effect.
    public var durability: Durability = .beforeNextEffect
    /// How long a batch of the journal may take to be answered before its connection is given up.
    ///
    /// Default: 30 s.
    public var requestDeadline: Duration = .seconds(30)
    /// How long a workflow that is alone looks for the reply to its commit, or to a statement of its transaction step,
    /// without sleeping, at most; zero for never.
    ///
    /// Where a reply takes less it saves the wake-ups of two threads, a third of a step's time, at the price of the
    /// processor meanwhile. Where replies take longer the engine notices, and sleeps. Default: 400 µs.
    public var commitSpin: Duration = .microseconds(400)
    /// How long workflows are kept after they have ended.
    ///
    /// Written to `durable.retention` on boot, where it counts for every process: of engines the last one to say so counts, and what a
    /// person has said of the same type and outcome counts before any engine, until a person takes it back. Default: empty, which changes nothing; where nothing was ever said, everything is kept.
    public var retention: [RetentionPolicy] = []
    /// The longest pause of this process between two looks for workflows that are no longer to be kept.
    ///
    /// One process at a time deletes, a batch of 500 and then nine times as long nothing. Default: 5 minutes.
    public var retentionInterval: Duration = .seconds(300)
    /// Who collects metrics.
    ///
    /// Default: nil, which is what the process has bootstrapped by the time of `run()`.
    public var metrics: (any MetricsFactory)?
    /// Who collects spans, and hands trace contexts on.
    ///
    /// Default: nil, which is what the process has bootstrapped by the time of `run()`.
    public var tracer: (any Tracer)?
    /// What stands around starts, runs, steps, waits and children; the first one outermost.
    ///
    /// Default: none.
    public var interceptors: [any Interceptor] = []
    /// Who is told what this process does with its workflows.
    ///
    /// Default: nobody.
    public var observers: [any WorkflowObserver] = []
    /// How payloads are encoded: compressed, encrypted.
    ///
    /// Default: nil, which is plain JSON.
    public var codecs: PayloadCodecs?
    /// What a test puts in the engine's way; nil in every service.
    package var hooks: EngineHooks?

    /// The defaults.
    public init() {}

    /// A year.
    static let longest = Duration.seconds(366 * 86_400)

    /// Throws in words if an option makes no sense.
    func validate() throws {
        func require(_ holds: Bool, _ words: @autoclosure () -> String) throws {
            guard holds else { throw DurableError(.invalidConfiguration, words()) }
        }
        try require(
            self.journalConnections >= 1,
            "the journal needs at least one connection; it has \(self.journalConnections)"
        )
        try require(
            self.transactionConnections >= 1,
            "transaction steps need at least one connection; they have \(self.transactionConnections)"
        )
        try require(self.lease > .milliseconds(100), "the lease must be longer than 100 ms; it is \(self.lease)")
        try require(self.poll > .zero, "the poll interval must be positive; it is \(self.poll)")
        try require(self.hold >= .zero, "the hold must not be negative; it is \(self.hold)")
        try require(self.drain >= .zero, "the drain time must not be negative; it is \(self.drain)")
        try require(
            self.requestDeadline > .zero,
            "the deadline of requests must be positive; it is \(self.requestDeadline)"
        )
        try require(
            self.commitSpin >= .zero && self.commitSpin <= .milliseconds(10),
            "the spin for a commit must be from zero to 10 ms; it is \(self.commitSpin)"
        )
        try require(
            self.retentionInterval > .zero,
            "the retention interval must be positive; it is \(self.retentionInterval)"
        )
        for policy in self.retention { try policy.validate() }
        // Multiples of them must be within what the clock can count.
        let durations = [
            ("lease", self.lease), ("poll interval", self.poll), ("hold", self.hold), ("drain time", self.drain),
            ("deadline of requests", self.requestDeadline), ("retention interval", self.retentionInterval),
        ]
        for (name, duration) in durations {
            try require(duration <= Self.longest, "the \(name) must not be longer than a year; it is \(duration)")
        }
        try require(self.maxInMemory >= 1, "at least one workflow must fit in memory; the limit is \(self.maxInMemory)")
        try require(self.payloadLimit >= 1, "the payload limit must be positive; it is \(self.payloadLimit)")
        try require(
            (1...Int(Int16.max)).contains(self.recoveries),
            "the number of recoveries must be from 1 to \(Int16.max); it is \(self.recoveries)"
        )
        for queue in self.queues { try queue.validate() }
        let names = self.queues.map(\.name)
        if let twice = names.first(where: { name in names.count(where: { $0 == name }) > 1 }) {
            throw DurableError(.invalidConfiguration, "queue \"\(twice)\" is declared twice")
        }
        try self.retry.validate()
    }
}

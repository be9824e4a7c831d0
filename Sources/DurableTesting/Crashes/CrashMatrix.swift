// SPDX-License-Identifier: Apache-2.0

import Durable
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Libpq
import Logging

/// Runs a workflow once undisturbed, and once per durable point and moment with a crash there.
struct CrashMatrix<W: Workflow>: Sendable {
    let make: @Sendable (TestDatabase) throws -> W
    let successor: (@Sendable (W) throws -> any Workflow)?
    let input: W.Input
    let options: EngineOptions
    let standIns: @Sendable () -> StandIns
    let prepare: @Sendable (TestDatabase) async throws -> Void
    let driving: (@Sendable (TestEngine, String) async throws -> Void)?
    let observing: (@Sendable (W) async throws -> [String])?
    let comparing: (@Sendable (W.Output) throws -> String)?
    let ignored: Set<String>
    let limit: Duration

    private static var id: String { "crash-matrix" }
    /// The same in all runs, so that what is drawn from it is the same.
    private static var seed: UUID { UUID(uuid: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)) }

    /// - Throws: ``TestFailure`` naming the crash after which something is wrong.
    func run() async throws -> CrashReport {
        let template = try await TestDatabase.make()
        do {
            try await self.prepare(template)
            let report = try await self.run(from: template)
            try await template.drop()
            return report
        } catch {
            try? await template.drop()
            throw error
        }
    }

    private func run(from template: TestDatabase) async throws -> CrashReport {
        let undisturbed = try await self.trial(nil, from: template)
        if let words = undisturbed.standstill {
            throw TestFailure("\(W.name) does not come to its end even without a crash: \(words)")
        }
        let points = undisturbed.points.flatMap { entry in
            CrashPoint.Moment.allCases.map { CrashPoint(moment: $0, point: entry.point, number: entry.number) }
        }
        var report = CrashReport()
        var failures: [(point: CrashPoint, words: String)] = []
        try await withThrowingTaskGroup(of: (CrashPoint, CrashTrial).self) { group in
            var left = points[...]
            func next() {
                guard let point = left.popFirst() else { return }
                group.addTask { (point, try await self.trial(point, from: template)) }
            }
            for _ in 0..<3 { next() }
            while let (point, trial) = try await group.next() {
                next()
                guard trial.isStruck else {
                    report.missed.append("\(point)")
                    continue
                }
                let problems = trial.problems(comparedWith: undisturbed)
                if problems.isEmpty {
                    report.survived.append("\(point)")
                } else {
                    failures.append((point, self.words(point, problems, undisturbed, trial)))
                }
            }
        }
        let order = Dictionary(uniqueKeysWithValues: points.enumerated().map { ($1, $0) })
        failures.sort { (order[$0.point] ?? 0) < (order[$1.point] ?? 0) }
        guard let first = failures.first else { return report }
        let others = failures.dropFirst().map { "\n  - \($0.point)" }.joined()
        throw TestFailure(first.words + (others.isEmpty ? "" : "\nSo it is with a crash\(others)"))
    }

    private func words(
        _ point: CrashPoint,
        _ problems: [String],
        _ undisturbed: CrashTrial,
        _ trial: CrashTrial
    ) -> String {
        """
        \(W.name) does not survive a crash \(point):
        \(problems.map { "  - \($0)" }.joined(separator: "\n"))
        \(SideBySide.render(undisturbed.history, trial.history, titles: ("without a crash", "with the crash")))
        """
    }

    // MARK: - One trial

    private func trial(_ target: CrashPoint?, from template: TestDatabase) async throws -> CrashTrial {
        let database = try await TestDatabase.make(copying: template)
        do {
            let trial = try await self.trial(target, on: database)
            try await database.drop()
            return trial
        } catch {
            try? await database.drop()
            throw error
        }
    }

    private func trial(_ target: CrashPoint?, on database: TestDatabase) async throws -> CrashTrial {
        let test = try TestEngine(
            database: database,
            options: self.options,
            standIns: self.standIns(),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        try await test.clock.install()
        defer { test.clock.close() }
        do {
            let trial = try await self.live(target, test)
            try await test.stop()
            return trial
        } catch {
            try await test.stop()
            throw error
        }
    }

    private func live(_ target: CrashPoint?, _ test: TestEngine) async throws -> CrashTrial {
        let workflow = try self.make(test.database)
        let before = AttemptLog()
        let after = AttemptLog()
        let probe = try await self.boot(workflow, target, before, test)
        let skipping = Task {
            try await self.driving?(test, Self.id)
            try await test.clock.skipForEver()
        }
        defer { skipping.cancel() }
        let starting = Task { try await test.start(W.self, self.input, id: Self.id) }
        let isOver = try await self.waitForEnd(test, probe)
        var redone: [String] = []
        if !isOver {
            let recorded = try await self.crash(test)
            _ = await starting.result
            let heir = try self.successor?(workflow) ?? workflow
            _ = try await self.boot(heir, nil, after, test)
            // As a caller does whose request got no answer.
            try await test.start(W.self, self.input, id: Self.id)
            _ = try await self.waitForEnd(test, nil)
            redone = after.labels(of: recorded)
        } else {
            _ = try await starting.value
        }
        let begun = before.all.merging(after.all) { $0 + $1 }
        let sight = try await test.sight(of: Self.id)
        return CrashTrial(
            result: try await self.result(sight, test),
            standstill: sight.state.isFinal ? nil : "\(sight)",
            tables: try await TableSnapshot(
                of: test.database.configuration,
                besides: test.schema,
                ignoring: self.ignored
            ),
            observed: try await self.observing?(workflow),
            history: try await test.history(of: Self.id),
            points: probe.points,
            isStruck: !isOver,
            repeated: begun.filter { $0.value > 1 }.map(\.key),
            redone: redone
        )
    }

    private func boot(
        _ workflow: any Workflow,
        _ target: CrashPoint?,
        _ log: AttemptLog,
        _ test: TestEngine
    ) async throws -> CrashProbe {
        try await test.boot([workflow]) { hooks, gate in
            let probe = CrashProbe(workflow: Self.id, target: target, gate: gate)
            hooks.seed = Self.seed
            hooks.probe = probe
            let standIn = hooks.standIn
            hooks.standIn = { sight in
                if sight.workflow == Self.id { log.note(sight) }
                return standIn?(sight) ?? .body
            }
            return probe
        }
    }

    /// - Returns: Which places had their result when the engine was dead.
    private func crash(_ test: TestEngine) async throws -> Set<Place> {
        try await test.crash()
        let connection = try await PostgresConnection.connect(test.database.configuration)
        defer { connection.close() }
        let query = StatementText(
            "SELECT scope, position FROM \(test.schema.quoted).journal WHERE workflow_id = $1 AND phase = 0",
            types: [.text]
        )
        let rows = try await connection.run(Pipeline([Statement(query, [Parameter(Self.id)])]))[0].rows
        return Set(
            try rows.map { row in
                let (scope, position) = try row.decode((String, Int32).self)
                return Place(scope: scope, position: position)
            }
        )
    }

    /// - Returns: False when the engine has crashed.
    private func waitForEnd(_ test: TestEngine, _ probe: CrashProbe?) async throws -> Bool {
        let connection = try await PostgresConnection.connect(test.database.configuration)
        defer { connection.close() }
        let durable = test.schema.quoted
        let query = StatementText(
            """
            SELECT EXISTS (SELECT FROM \(durable).outcome WHERE workflow_id = $1)
                OR EXISTS (SELECT FROM \(durable).live WHERE workflow_id = $1 AND state = 'paused')
            """,
            types: [.text]
        )
        let end = ContinuousClock.now + self.limit
        while true {
            if let probe, probe.isCut { return false }
            let results = try await connection.run(Pipeline([Statement(query, [Parameter(Self.id)])]))
            if try results[0].rows.first?.decode(0, as: Bool.self) == true {
                // The crash may come right after the commit of the outcome.
                try await Task.sleep(for: .milliseconds(5))
                return !(probe?.isCut ?? false)
            }
            guard ContinuousClock.now < end else {
                throw TestFailure(
                    "\(W.name) did not come to its end within \(self.limit): \(try await test.explain(Self.id))"
                )
            }
            try await Task.sleep(for: .milliseconds(3))
        }
    }

    private func result(_ sight: WorkflowSight, _ test: TestEngine) async throws -> String {
        guard sight.state.isFinal else { return "stands still: \(sight.words)" }
        let outcome = try await test.outcome(of: Self.id)
        guard sight.state == .succeeded, let comparing else { return outcome }
        return "returned \(try comparing(try await test.engine.handle(W.self, id: Self.id).result()))"
    }
}

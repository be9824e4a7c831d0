// SPDX-License-Identifier: Apache-2.0

import Durable
import FaultProcesses
import Foundation
import Libpq
import Logging

/// A service that runs programs, to be killed, stopped, cut off and misled.
///
/// It says `ready` and `accepted ID` on its standard output, is told `start VERSION ID PROGRAM` on its standard input, and ends
/// with that, so that it never outlives the suite.
struct Worker {
    /// The exit status of a worker that found no database at its start.
    static let noDatabase: Int32 = 4

    let options: WorkerOptions

    func run() async {
        let log = LineLog(descriptor: System.openForAppending(self.options.log)) { "\(System.now()) \(System.pid)" }
        var logger = Logger(label: "worker") { _ in log }
        logger.logLevel = .notice
        do {
            let engine = try self.engine(logger)
            try await WorkerService.run(engine, logger) { line in
                let words = line.split(separator: " ", maxSplits: 3).map(String.init)
                guard words.count == 4, words[0] == "start", let version = Int(words[1]) else { return }
                Task { await Self.start(words[2], version: version, words[3], engine) }
            }
        } catch {
            log.write("refused: \(error)")
            // A service that finds no database at its start, or one that takes no writes, says so and ends; whoever
            // started it starts it again.
            let isAway = (error as? DurableError)?.code == .databaseUnavailable
            let takesNoWrites = ["during recovery", "read-only transaction"].contains { "\(error)".contains($0) }
            System.leave(isAway || takesNoWrites ? Self.noDatabase : 2)
        }
        System.leave(0)
    }

    private func engine(_ logger: Logger) throws -> DurableEngine {
        #if DEBUG
            Protection.takeAway(Set(self.options.off))
        #endif
        var database = PostgresConfiguration(self.options.database)
        database.applicationName = "durable-faults-\(System.pid)"
        database.connectTimeout = .seconds(3)
        database.requestTimeout = .seconds(4)
        if !self.options.prepares { database.statementCache = .disabled }
        var engine = EngineOptions()
        engine.name = "worker-\(System.pid)"
        engine.build = "faults-\(self.options.version)"
        engine.migrate = .verify
        engine.lease = WorkerOptions.lease
        engine.poll = .milliseconds(150)
        engine.hold = .milliseconds(120)
        engine.drain = .milliseconds(700)
        engine.requestDeadline = .seconds(4)
        engine.listen = self.options.listens
        engine.queues = [Talk.queue]
        // Kills come by the second here: that a process dies with a workflow says nothing about the workflow.
        engine.recoveries = 10_000
        if self.options.hasOneConnection {
            engine.journalConnections = 1
            engine.transactionConnections = 1
        }
        let effects = EffectLog(path: self.options.effects, shift: Int64(self.options.shift) * 1_000_000)
        let workflow: any Workflow =
            self.options.version == 1 ? ProgramWorkflow(effects: effects) : LaterProgramWorkflow(effects: effects)
        return try DurableEngine(database: database, workflows: [workflow], options: engine, logger: logger)
    }

    private static func start(_ id: String, version: Int, _ text: String, _ engine: DurableEngine) async {
        do {
            let program = try JSONDecoder().decode(Program.self, from: Data(text.utf8))
            if version == 1 {
                try await engine.start(ProgramWorkflow.self, program, id: id)
            } else {
                try await engine.start(LaterProgramWorkflow.self, program, id: id)
            }
            System.write("accepted \(id)", to: 1)
        } catch {
            // A client will start it.
            System.write("refused \(id) \(error)".split(whereSeparator: \.isNewline).joined(separator: " "), to: 1)
        }
    }
}

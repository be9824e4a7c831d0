// SPDX-License-Identifier: Apache-2.0

import Durable
import FaultProcesses
import Libpq
import Logging

/// A service that the fault tests start, kill, stop and ask to leave.
///
/// It ends with its standard input, so that it never outlives the test.
///
/// It says on its standard output: `ready`, `gate NAME WORKFLOW`, `started ID`, `result ID VALUE`, `failed ID ERROR`,
/// `refused ERROR`, `log …`, `stopped`. It is told on its standard input: `start NAME ID`, `await ID`,
/// `go GATE`.
@main
struct FaultWorker {
    static func main() async {
        let options = WorkerOptions(Array(CommandLine.arguments.dropFirst()))
        let watch = PipelineWatch(fault: options.fault, trace: options.trace)
        let effects = EffectLog(options.effects)
        let gates = Gates(options.gates)
        let logger = Logger(label: "worker") { _ in LineLog(descriptor: 1) { "log" } }
        do {
            let engine = try self.engine(options, watch, effects, gates, logger)
            try await WorkerService.run(engine, logger) {
                // What follows a boot is over as well: the trace of a workflow is then its own.
                while watch.completed("look") == 0 { try await Task.sleep(for: .milliseconds(1)) }
            } hear: { line in
                self.hear(line, engine, gates)
            }
        } catch {
            System.write("refused \(error)".split(whereSeparator: \.isNewline).joined(separator: " "), to: 1)
            System.leave(2)
        }
        System.write("stopped", to: 1)
    }

    private static func engine(
        _ options: WorkerOptions,
        _ watch: PipelineWatch,
        _ effects: EffectLog,
        _ gates: Gates,
        _ logger: Logger
    ) throws -> DurableEngine {
        var database = PostgresConfiguration(options.database)
        database.applicationName = "fault-worker-\(System.pid)"
        database.observer = { watch.observe($0) }
        var engineOptions = EngineOptions()
        engineOptions.name = options.name
        engineOptions.lease = options.lease
        engineOptions.poll = options.poll
        engineOptions.hold = options.hold
        engineOptions.drain = options.drain
        engineOptions.maxInMemory = options.room
        return try DurableEngine(
            database: database,
            workflows: [
                MatrixWorkflow(effects: effects), SharedWorkflow(effects: effects, gates: gates),
                HeldWorkflow(effects: effects, gates: gates), HeldTransactionWorkflow(effects: effects, gates: gates),
                HeldLargeWorkflow(effects: effects, gates: gates),
                BlockingWorkflow(effects: effects), BusyWorkflow(effects: effects), NapWorkflow(effects: effects),
                TalkingWorkflow(effects: effects), Deploy.workflow(options.code, effects),
                LineageWorkflow(effects: effects), LineageChild(effects: effects),
                CancelledWorkflow(effects: effects, gates: gates), CascadeWorkflow(effects: effects),
                CascadeChild(effects: effects), CalendarWorkflow(effects: effects),
                PollWorkflow(effects: effects, file: options.effects + ".found"),
            ],
            options: engineOptions,
            logger: logger
        )
    }

    private static func hear(_ line: String, _ engine: DurableEngine, _ gates: Gates) {
        let words = line.split(separator: " ").map(String.init)
        switch words.first {
        case "go": gates.open(words[1])
        case "start": Task { await self.start(words[1], words[2], engine) }
        case "await": Task { await self.awaitMatrix(words[1], engine) }
        default: break
        }
    }

    private static func start(_ name: String, _ id: String, _ engine: DurableEngine) async {
        do {
            let value: String
            switch name {
            case "matrix": value = try await self.run(engine.start(MatrixWorkflow.self, id, id: id))
            case "shared": value = try await self.run(engine.start(SharedWorkflow.self, 1, id: id))
            case "held": value = try await self.run(engine.start(HeldWorkflow.self, id, id: id))
            case "held-transaction": value = try await self.run(engine.start(HeldTransactionWorkflow.self, id, id: id))
            case "held-large": value = try await self.run(engine.start(HeldLargeWorkflow.self, id, id: id))
            case "deploy": value = try await self.run(engine.start(DeployA.self, id, id: id))
            case "busy": value = try await self.run(engine.start(BusyWorkflow.self, 1, id: id))
            case "lineage": value = try await self.run(engine.start(LineageWorkflow.self, 0, id: id))
            case "cancelled": value = try await self.run(engine.start(CancelledWorkflow.self, id, id: id))
            case "cascade": value = try await self.run(engine.start(CascadeWorkflow.self, id, id: id))
            case "calendar": value = try await self.run(engine.start(CalendarWorkflow.self, id, id: id))
            case "poll": value = try await self.run(engine.start(PollWorkflow.self, id, id: id))
            case "nap": value = try await self.run(engine.start(NapWorkflow.self, id, id: id))
            case "blocking":
                let milliseconds = Int(id.prefix { $0 != "-" }) ?? 1_000
                value = try await self.run(engine.start(BlockingWorkflow.self, milliseconds, id: id))
            default: return System.write("failed \(id) no such workflow", to: 1)
            }
            System.write("result \(id) \(value)", to: 1)
        } catch {
            System.write("failed \(id) \(error)".split(whereSeparator: \.isNewline).joined(separator: " "), to: 1)
        }
    }

    private static func awaitMatrix(_ id: String, _ engine: DurableEngine) async {
        do {
            System.write("result \(id) \(try await engine.handle(MatrixWorkflow.self, id: id).result())", to: 1)
        } catch {
            System.write("failed \(id) \(error)", to: 1)
        }
    }

    private static func run<Output>(_ handle: WorkflowHandle<Output>) async throws -> String {
        System.write("started \(handle.id)", to: 1)
        return "\(try await handle.result())"
    }
}

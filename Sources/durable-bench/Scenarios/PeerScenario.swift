// SPDX-License-Identifier: Apache-2.0

/// Peers on the same server in the same run: first their statements by our client, then their own libraries.
struct PeerScenario: Scenario {
    static let name = "peers"
    static let words = "DBOS and Absurd: their statements replayed by our client, and their Python libraries"
    static let needs: [any Scenario.Type] = [StepsScenario.self, WorkflowScenario.self, CeilingScenario.self]

    private static let connections = [8, 32]
    private let size: BenchSize

    init(size: BenchSize) { self.size = size }

    var cells: [Cell] {
        guard let peers = self.size.peers else {
            return [
                Cell("peers", .once) { _ in
                    Progress.say("    left out: there is no environment with their libraries")
                    return []
                }
            ]
        }
        let replays = PeerLoad.Peer.allCases.flatMap { peer in
            Self.connections.map { connections in
                Cell("statements of \(peer), \(connections) connections") { server in
                    try await self.replay(PeerLoad(peer: peer, peers: peers), connections, on: server)
                }
            }
        }
        let libraries = PeerLoad.Peer.allCases.flatMap { peer in
            [false, true].flatMap { isTuned in
                [1, 10].map { steps in
                    Cell("library of \(peer), \(isTuned ? "tuned" : "defaults"), \(steps) steps", .once) { server in
                        try await self.library(PeerLoad(peer: peer, peers: peers), isTuned, steps, on: server)
                    }
                }
            }
        }
        return replays + libraries
    }

    var ratios: [Ratio] {
        let peers = PeerLoad.Peer.allCases
        let libraries = peers.flatMap { peer in ["default", "tuned"].map { "peers.\(peer)_\($0)" } }
        return [
            Ratio(
                "ratio.steps_to_replay",
                "steps of 1,000 workflows, of the best peer's statements",
                "steps.1000",
                overTheBestOf: peers.flatMap { peer in Self.connections.map { "peers.\(peer)_statements_\($0)" } }
            ),
            Ratio(
                "ratio.steps_to_sdk",
                "steps of 1,000 workflows, of the best peer's library",
                "steps.1000",
                overTheBestOf: libraries.map { $0 + "_10" }
            ),
            Ratio(
                "ratio.one_step_to_sdk",
                "one-step workflows, of the best peer's library",
                "workflows.one_step",
                overTheBestOf: libraries.map { $0 + "_1" }
            ),
            Ratio(
                "ratio.drained_to_sdk",
                "one-step workflows enqueued and drained, of the best peer's library",
                "drain.drained",
                overTheBestOf: libraries.map { $0 + "_1" }
            ),
        ]
    }

    private func replay(_ load: PeerLoad, _ connections: Int, on server: BenchServer) async throws -> [Reading] {
        let seconds = self.size.seconds
        return try await server.measureEmpty { database in
            // More than the connections can drain in the time.
            try await load.prepare(database, steps: 10, tasks: max(500, Int(2_000 * seconds)))
            if server.countsStatements { try await database.run("CREATE EXTENSION pg_stat_statements") }
            let before = try await ServerMeter.read(database)
            let rate =
                switch load.peer {
                case .dbos: try await DBOSReplay.run(connections: connections, seconds: seconds, in: database)
                case .absurd: try await AbsurdReplay.run(connections: connections, seconds: seconds, in: database)
                }
            let costs = try await ServerMeter.read(database) - before
            let (name, words) = ("\(load.peer)_statements_\(connections)", "statements of \(load.peer)")
            let steps = rate * seconds
            return [
                Reading("peers.\(name)", "\(words), \(connections) connections: steps", rate, .perSecond),
                Reading("peers.\(name)_wal", "\(words): log per step, all in", costs.walBytes / steps, .bytes),
                Reading(
                    "peers.\(name)_server",
                    "\(words): server's time per step",
                    costs.serverSeconds * 1e6 / steps,
                    .microseconds
                ),
            ]
        }
    }

    private func library(_ load: PeerLoad, _ isTuned: Bool, _ steps: Int, on server: BenchServer) async throws
        -> [Reading]
    {
        let outcome = try await server.measureEmpty { database in
            try await load.measure(database, tuned: isTuned, steps: steps, seconds: self.size.seconds < 1 ? 1 : 5)
        }
        let name = "peers.\(load.peer)_\(isTuned ? "tuned" : "default")_\(steps)"
        let processes = outcome.processes == 1 ? "1 process" : "\(outcome.processes) processes"
        let words = "\(outcome.version) (\(outcome.settings); \(processes))"
        let workflows = steps == 1
        var readings = [
            Reading(
                name,
                "\(words): \(workflows ? "one-step workflows" : "steps of ten-step workflows")",
                workflows ? outcome.workflows_per_second : outcome.steps_per_second,
                .perSecond
            )
        ]
        if let client = outcome.client_us_per_step {
            readings.append(
                Reading(
                    "\(name)_client",
                    "\(load.peer): processor time of its processes per step",
                    client,
                    .microseconds
                )
            )
        }
        return readings
    }
}

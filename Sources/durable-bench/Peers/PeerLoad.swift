// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The library of a peer, in processes of its own language.
struct PeerLoad: Sendable {
    /// A peer whose library is measured.
    enum Peer: String, Sendable, CaseIterable {
        case dbos
        case absurd
    }

    let peer: Peer
    let peers: BenchSize.Peers

    /// What one run of it came to.
    struct Outcome: Decodable, Sendable {
        let workflows_per_second: Double
        let steps_per_second: Double
        /// Nil where no workflow ended.
        let client_us_per_step: Double?
        let processes: Int
        let version: String
        let settings: String
    }

    /// Makes the peer's tables by the peer's own means.
    func prepare(_ database: BenchServer.Database, steps: Int, tasks: Int) async throws {
        _ = try await self.run(
            database,
            ["--mode", "default", "--steps", "\(steps)", "--tasks", "\(tasks)", "--prepare-only"]
        )
    }

    /// Runs workflows for so many seconds.
    func measure(
        _ database: BenchServer.Database,
        tuned: Bool,
        steps: Int,
        seconds: Double
    ) async throws -> Outcome {
        let text = try await self.run(
            database,
            [
                "--mode", tuned ? "tuned" : "default", "--steps", "\(steps)", "--seconds", "\(seconds)",
                "--processes", tuned ? "2" : "1",
            ]
        )
        guard let line = text.split(separator: "\n").last else { throw BenchFailure("\(self.peer) said nothing") }
        return try JSONDecoder().decode(Outcome.self, from: Data(line.utf8))
    }

    private func run(_ database: BenchServer.Database, _ arguments: [String]) async throws -> String {
        let script = "\(self.peers.folder)/\(self.peer)_load.py"
        return try await Program.run(self.peers.python, [script, "--database", database.url] + arguments)
    }
}

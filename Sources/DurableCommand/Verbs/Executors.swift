// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable executors`: the processes that run workflows.
struct Executors: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Lists the processes that run workflows.",
        discussion: "alive: its lease is valid. dead: it is over, and nobody has taken its work yet."
    )

    @Flag(name: .shortAndLong, help: "Also those that have stopped or were fenced.")
    var all = false

    @OptionGroup var options: SessionOptions

    func run(in session: Session) async throws {
        let executors = try await session.records(session.statements.executors, [Parameter(self.all)])
        try session.print(executors, as: Self.listing, empty: "no process runs workflows; --all shows former ones")
    }

    private static let listing = Listing([
        .text("NAME", "name", yields: .first),
        .number("NUMBER", "number"),
        .state("STATE", "state"),
        .text("HOST", "host", yields: .first),
        .number("PID", "pid"),
        .text("BUILD", "build", yields: .first, optional: true),
        .number("RUNNING", "running"),
        .age("LEASE ENDS", "lease_expires_at", optional: true),
        .age("BEHIND SINCE", "behind_since", optional: true),
        .time("STARTED (UTC)", "started_at"),
        .age("", "started_at"),
    ])
}

// SPDX-License-Identifier: Apache-2.0

import TemporaryPostgres

/// What the server can do without an engine: single-row commits, the same rows in bulk, and one flush of its disk.
struct CeilingScenario: Scenario {
    static let name = "ceilings"
    static let words = "single-row commits of pgbench, bulk inserts of the same rows, flushes of the disk"

    private let size: BenchSize

    init(size: BenchSize) { self.size = size }

    var cells: [Cell] {
        let seconds = self.size.seconds
        let commits = [1, 8, 32].map { clients in
            Cell("pgbench -c \(clients)") { server in
                let rate = try await server.measure {
                    try await PgBench(clients: clients, seconds: seconds).run(in: $0)
                }
                let words = "single-row commits, pgbench -c \(clients)"
                return [Reading("ceilings.commits_\(clients)", words, rate, .perSecond)]
            }
        }
        return commits + [
            Cell("bulk insert") { server in
                let rate = try await server.measure { try await BulkInsert(seconds: seconds).run(in: $0) }
                return [
                    Reading("ceilings.bulk", "the same rows in bulk, 512 a statement, 2 connections", rate, .perSecond)
                ]
            },
            Cell("bulk insert, the writer's form") { server in
                let rate = try await server.measure {
                    try await BulkInsert(form: .select, seconds: seconds).run(in: $0)
                }
                let words = "the same in the form of the journal's writer"
                return [Reading("ceilings.bulk_select", words, rate, .perSecond)]
            },
            Cell("flush") { server in
                let flush = try FlushProbe(seconds: min(1, seconds)).run(in: server.postgres.folder ?? "/tmp")
                let median = flush.percentile(0.5)
                return [Reading("ceilings.flush", "one flush of the disk", median, .milliseconds)]
            },
        ]
    }
}

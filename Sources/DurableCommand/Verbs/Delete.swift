// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `durable delete`: ended workflows, with all that they have recorded.
struct Delete: BulkVerb {
    static let configuration = CommandConfiguration(
        abstract: "Deletes ended workflows with all that they have recorded, and those that they have started.",
        discussion: "`durable export` keeps one as a file; `durable prune` deletes what is over by the policies."
    )

    static let deed = Deed(
        verb: "delete",
        states: ["succeeded", "failed", "cancelled"],
        asksForOne: true,
        statement: { $0.delete },
        reading: { value in
            let others = (value.integer ?? 1) - 1
            return .done(others == 0 ? "deleted" : "deleted, and \(others) that it had started")
        }
    )

    @OptionGroup var bulk: BulkOptions
}

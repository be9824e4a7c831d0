// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `durable cancel`: for workflows by id, or all that filters select.
struct Cancel: BulkVerb {
    static let configuration = CommandConfiguration(
        abstract: "Asks workflows to end: what they have done is undone, as their code says."
    )

    static let deed = Deed(
        verb: "cancel",
        states: ["queued", "running", "waiting", "paused"],
        asksForOne: true,
        statement: { $0.cancel },
        reading: { value in
            ["succeeded", "failed", "cancelled"].contains(value.words)
                ? .refused("it has ended (\(value.words))") : .done(value.words)
        }
    )

    @OptionGroup var bulk: BulkOptions
}

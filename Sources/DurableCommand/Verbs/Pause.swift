// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `durable pause`: for workflows by id, or all that filters select.
struct Pause: BulkVerb {
    static let configuration = CommandConfiguration(abstract: "Holds workflows until they are resumed.")

    static let deed = Deed(
        verb: "pause",
        states: ["queued", "running", "waiting"],
        asksForOne: true,
        statement: { $0.pause },
        reading: { .done($0.words) }
    )

    @OptionGroup var bulk: BulkOptions
}

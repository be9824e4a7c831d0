// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `durable resume`: for workflows by id, or all that filters select.
struct Resume: BulkVerb {
    static let configuration = CommandConfiguration(abstract: "Lets paused workflows go on from their last checkpoint.")

    static let deed = Deed(
        verb: "resume",
        states: ["paused"],
        asksForOne: false,
        statement: { $0.resume },
        reading: { _ in .done("resumed") }
    )

    @OptionGroup var bulk: BulkOptions
}

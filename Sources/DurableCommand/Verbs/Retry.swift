// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `durable retry`: for workflows by id, or all that filters select.
struct Retry: BulkVerb {
    static let configuration = CommandConfiguration(abstract: "Lets failed workflows go on from the step that failed.")

    static let deed = Deed(
        verb: "retry",
        states: ["failed"],
        asksForOne: false,
        statement: { $0.retry },
        reading: { value in
            .done("queued again, \(value.words) record\(value.integer == 1 ? "" : "s") taken back")
        }
    )

    @OptionGroup var bulk: BulkOptions
}

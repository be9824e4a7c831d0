// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// A verb for workflows by id, or for all that filters select: it says what is done to each.
protocol BulkVerb: Verb {
    static var deed: Deed { get }

    var bulk: BulkOptions { get }
}

/// To which workflows something is done, and why.
struct BulkOptions: ParsableArguments {
    @OptionGroup var selection: Selection
    @OptionGroup var why: Reason
    @OptionGroup var options: SessionOptions
}

extension BulkVerb {
    var options: SessionOptions { self.bulk.options }

    func run(in session: Session) async throws {
        let (selection, why) = (self.bulk.selection, self.bulk.why)
        try await BulkRun(session: session, deed: Self.deed, reason: why.reason, selection: selection).run()
    }
}

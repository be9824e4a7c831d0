// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Which workflows a verb is for: ids, or what a filter selects.
struct Selection: ParsableArguments {
    @Argument(help: "The workflows' ids; instead of them, filters.")
    var ids: [String] = []

    @OptionGroup(title: "Filters")
    var filter: WorkflowFilter

    @OptionGroup var asking: Asking

    @Flag(name: .customLong("dry-run"), help: "Only list which they are.")
    var dryRun = false

    func validate() throws {
        guard self.ids.isEmpty != self.filter.isEmpty else {
            throw ValidationError(
                self.ids.isEmpty
                    ? "Say which workflows: their ids, or filters such as --name checkout --since 2h."
                    : "Say either ids or filters."
            )
        }
    }
}

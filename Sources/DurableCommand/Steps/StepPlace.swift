// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// Which step of a workflow is meant, and why it is changed.
struct StepPlace: ParsableArguments {
    @Option(name: .long, help: "The position of the step.")
    var position: Int32

    @Option(name: .long, help: "The scope of the step.")
    var scope = ""

    @Option(name: .long, help: "The name of the step; needed where it has not begun.")
    var name: String?

    @OptionGroup var why: Reason

    /// The place for a person.
    var words: String {
        let scope = self.scope.isEmpty ? "" : " of scope \(Printable.text(self.scope))"
        return "position \(self.position)\(scope)"
    }

    /// Scope, name and reason: the last parameters of the statements.
    var others: [Parameter] { [Parameter(self.scope), Parameter(self.name), Parameter(self.why.reason)] }
}

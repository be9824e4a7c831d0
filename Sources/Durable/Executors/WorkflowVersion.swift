// SPDX-License-Identifier: Apache-2.0

import Libpq

/// A workflow type in one of its versions: what a process offers, and what work waits for.
package struct WorkflowVersion: Hashable, Sendable {
    /// The workflow's name.
    package let name: String
    /// Its version.
    package let version: Int32

    package init(name: String, version: Int32) {
        self.name = name
        self.version = version
    }
}

extension [WorkflowOffer] {
    /// Each name with each of its versions.
    package var versions: Set<WorkflowVersion> {
        Set(self.flatMap { offer in offer.versions.map { WorkflowVersion(name: offer.name, version: $0) } })
    }
}

extension Sequence<WorkflowVersion> {
    /// The names and the versions, beside each other, for statements that take both as arrays.
    var columns: (names: ArrayColumn, versions: ArrayColumn) {
        var names = ArrayColumn(.text)
        var versions = ArrayColumn(.int4)
        for workflow in self {
            names.append(workflow.name)
            versions.append(workflow.version)
        }
        return (names, versions)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A name and version of which workflows are due, and which this process does not run.
package struct UnofferedWorkflow: Hashable, Sendable {
    /// The workflow's name.
    package let name: String
    /// Its version.
    package let version: Int32

    package init(name: String, version: Int32) {
        self.name = name
        self.version = version
    }
}

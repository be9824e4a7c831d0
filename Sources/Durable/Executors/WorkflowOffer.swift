// SPDX-License-Identifier: Apache-2.0

/// A workflow that a process can run: its name, and every version whose history this code can go on with.
package struct WorkflowOffer: Hashable, Sendable, Codable {
    /// The workflow's name.
    package var name: String
    /// The versions, lowest first.
    package var versions: [Int32]

    package init(name: String, versions: [Int32]) {
        self.name = name
        self.versions = versions.sorted()
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A workflow that a process can run: its name, and every version whose history this code can go on with.
package struct WorkflowOffer: Hashable, Sendable, Codable {
    /// The workflow's name.
    package var name: String
    /// The versions, lowest first.
    package var versions: [Int32]
    /// The steps that it declares, for people; nil where it declares none.
    package var steps: [StepDescription]?

    package init(name: String, versions: [Int32], steps: [StepDescription] = []) {
        self.name = name
        self.steps = steps.isEmpty ? nil : steps
        self.versions = versions.sorted()
    }
}

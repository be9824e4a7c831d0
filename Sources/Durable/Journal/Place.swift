// SPDX-License-Identifier: Apache-2.0

/// Where a call stands in its workflow: the scope, and how many calls came before it in that scope.
///
/// Within a scope calls are strictly sequential, and concurrent work has a scope per branch; so a place is the same on every
/// replay, whatever the scheduler does.
package struct Place: Hashable, Sendable {
    /// The path of the scope: empty for `run` itself, `parallel@3[1]` for the second branch of the group at position 3.
    package let scope: String
    /// How many calls of this scope came before, from 0.
    package let position: Int32

    package init(scope: String, position: Int32) {
        self.scope = scope
        self.position = position
    }
}

extension Place: CustomStringConvertible {
    package var description: String {
        self.scope.isEmpty ? "position \(self.position)" : "position \(self.position) of \(self.scope)"
    }
}

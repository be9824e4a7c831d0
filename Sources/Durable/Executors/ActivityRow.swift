// SPDX-License-Identifier: Apache-2.0

/// A step that has been running for longer than a second: what `durable.activity` shows to people.
package struct ActivityRow: Hashable, Sendable {
    /// The workflow's id.
    package var workflow: String
    /// The scope that the step stands in.
    package var scope: String
    /// The step's position in its scope.
    package var position: Int32
    /// The step's name.
    package var name: String
    /// The journal's number for the kind (1 step, 2 transaction).
    package var kind: Int16
    /// Which attempt it is, from 1.
    package var attempt: Int16
    /// When the attempt began: microseconds since 2000-01-01 UTC, by the database's clock.
    package var startedAt: Int64

    package init(
        workflow: String,
        scope: String,
        position: Int32,
        name: String,
        kind: Int16,
        attempt: Int16,
        startedAt: Int64
    ) {
        self.workflow = workflow
        self.scope = scope
        self.position = position
        self.name = name
        self.kind = kind
        self.attempt = attempt
        self.startedAt = startedAt
    }
}

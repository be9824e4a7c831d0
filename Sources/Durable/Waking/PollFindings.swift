// SPDX-License-Identifier: Apache-2.0

import Libpq

/// What one poll has found, and what is to be done about it.
package struct PollFindings: Hashable, Sendable {
    /// What there is to do.
    package enum Errand: Hashable, Sendable {
        /// Bring the rows of the inbox to their workflows.
        case route
        /// Carry requests to cancel, and the ends of children.
        case lineage
        /// Do what people ask.
        case requests
        /// Take due workflows.
        case claim
    }

    var hasMail = false
    var hasCancellations = false
    var hasEndedChildren = false
    var hasRequests = false
    /// The workflow types that are paused.
    var pausedNames: Set<String> = []
    /// The types and versions that have due workflows.
    package var due: Set<WorkflowVersion> = []

    init() {}

    init(_ rows: Rows) throws {
        for row in rows {
            let (mail, cancellations, children, requests) = try row.decode((Bool, Bool, Bool, Bool).self)
            self.hasMail = mail
            self.hasCancellations = cancellations
            self.hasEndedChildren = children
            self.hasRequests = requests
            self.pausedNames = Set(try row.decode(4, as: [String].self))
            guard let name = try row.decode(5, as: String?.self) else { continue }
            self.due.insert(WorkflowVersion(name: name, version: try row.decode(6, as: Int32.self)))
        }
    }

    /// What a process that offers these has to do.
    package func errands(offering offers: Set<WorkflowVersion>) -> Set<Errand> {
        var errands: Set<Errand> = []
        if self.hasMail { errands.insert(.route) }
        if self.hasCancellations || self.hasEndedChildren { errands.insert(.lineage) }
        if self.hasRequests { errands.insert(.requests) }
        let isDue = self.due.contains { offers.contains($0) && !self.pausedNames.contains($0.name) }
        if isDue { errands.insert(.claim) }
        return errands
    }

    /// What is due and left for processes that offer it.
    package func unoffered(by offers: Set<WorkflowVersion>) -> Set<WorkflowVersion> {
        self.due.subtracting(offers)
    }
}

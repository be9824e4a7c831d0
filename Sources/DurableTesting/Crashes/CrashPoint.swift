// SPDX-License-Identifier: Apache-2.0

import Durable

/// Where an engine dies: at what becomes durable, before that or right after, when nobody was told.
struct CrashPoint: Sendable, Hashable, CustomStringConvertible {
    enum Moment: Sendable, Hashable, CaseIterable {
        case before
        case after
    }

    var moment: Moment
    var point: DurablePoint
    /// Which one of its kind, from 1: a workflow parks more than once.
    var number: Int

    var description: String {
        let which = self.number > 1 ? " (number \(self.number))" : ""
        return switch self.moment {
        case .before: "right before the commit of \(self.point)\(which)"
        case .after: "right after the commit of \(self.point)\(which), before anybody was told"
        }
    }
}

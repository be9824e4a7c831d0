// SPDX-License-Identifier: Apache-2.0

/// How long a lease lasts and how it is kept.
///
/// The defaults follow from the period; override what you must.
package struct LeaseOptions: Sendable, Hashable {
    /// For how long one renewal keeps the lease, by the database's clock.
    ///
    /// 15 s.
    package var period: Duration
    /// From the sending of one renewal to the next, while all is well.
    ///
    /// A third of the period.
    package var renewEvery: Duration
    /// From a failed renewal to the next try; doubled with every further failure, up to `requestDeadline`.
    ///
    /// A thirtieth.
    package var retryEvery: Duration
    /// How long one renewal (a new connection included) may take before it counts as failed.
    ///
    /// A fifth of the period.
    package var requestDeadline: Duration
    /// By how much this process ends its own lease earlier than the database does: room for clocks that drift apart,
    /// and for the time between asking for permission and the first instruction of a step.
    ///
    /// A fifteenth of the period.
    package var margin: Duration

    /// Derives every duration from the lease's period.
    package init(period: Duration = .seconds(15)) {
        self.period = period
        self.renewEvery = period / 3
        self.retryEvery = period / 30
        self.requestDeadline = period / 5
        self.margin = period / 15
    }

    /// For how long after the sending of a renewal this process may start effects.
    var usable: Duration { self.period - self.margin }
}

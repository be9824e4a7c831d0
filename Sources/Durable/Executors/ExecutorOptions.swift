// SPDX-License-Identifier: Apache-2.0

/// How an executor presents itself, and keeps its lease.
package struct ExecutorOptions: Sendable {
    /// A label for people.
    ///
    /// Nil: host name and process id (`checkout-7d9f-1`).
    ///
    /// A process that is started again under the name of one that is provably gone takes over its work at once, without
    /// waiting for its lease to end. So a name that survives restarts is better than none.
    package var name: String?
    /// The build of the program, for people.
    package var build: String?
    /// The code generation of the library: which schemas it can work on.
    package var codeGeneration: Int32
    /// What this process can run.
    package var offers: [WorkflowOffer]
    /// How long the lease lasts, and how it is kept.
    package var lease: LeaseOptions

    package init(
        name: String? = nil,
        build: String? = nil,
        codeGeneration: Int32 = 1,
        offers: [WorkflowOffer] = [],
        lease: LeaseOptions = LeaseOptions()
    ) {
        self.name = name
        self.build = build
        self.codeGeneration = codeGeneration
        self.offers = offers
        self.lease = lease
    }
}

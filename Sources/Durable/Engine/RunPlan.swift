// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

import Tracing

/// What a run needs to know of its workflow: the row `workflow`, and what was recorded so far.
package struct RunPlan: Sendable {
    package var id: String
    package var name: String
    package var version: Int32
    package var seed: UUID
    package var input: [UInt8]?
    package var deadline: Int64?
    package var createdAt: Int64
    package var history: History
    /// The workflow was claimed or taken over, rather than started here: its first effect waits for a commit of this process.
    package var isResumed: Bool
    /// It comes after crashes, and runs alone.
    package var isSuspect: Bool
    /// The mailbox count at the claim: what came in before, the run looks at by itself.
    package var mailbox: Int64 = 0
    /// Its clean-up has begun: nothing but undos goes on.
    package var cleanUp: CleanUp?
    /// Somebody has asked for its end, and its clean-up has not begun.
    package var cancellation: CancellationRequest?
    /// Its clean-up ends even where the code does not know what it has recorded: that is named, and stays as it is.
    var mayLeaveUndone: Bool {
        guard let cleanUp else { return false }
        return cleanUp.isInsistent == true || self.cancellation?.isInsistent == true
    }
    /// The workflow that started it.
    package var parent: String?
    /// How often it has begun anew.
    package var generation: Int32 = 0
    /// The trace context of whoever started it, as it stands in the row.
    package var trace: [UInt8]?
    /// The same for a run that begins where it was started.
    var starter: ServiceContext?
}

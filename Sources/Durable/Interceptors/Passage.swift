// SPDX-License-Identifier: Apache-2.0

/// What an ``Interceptor`` stands around, where it may only look.
///
/// It belongs to the call, and is of no use after it.
public struct Passage {
    /// How the call ended.
    public enum End: Sendable, Hashable {
        /// It returned.
        case returned
        /// It threw an error of this type.
        case threw(type: String)
        /// The run is over, and the workflow is not: see ``WorkflowInterruption``.
        case interrupted
    }

    let body: () async -> End

    /// Goes on with the call, and returns when it has ended.
    ///
    /// - Returns: How it ended; a second time the same.
    @discardableResult
    public func proceed() async -> End { await self.body() }
}

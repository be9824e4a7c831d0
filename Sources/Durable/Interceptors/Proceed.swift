// SPDX-License-Identifier: Apache-2.0

/// What an ``Interceptor`` stands around, where it may refuse: it is called once.
///
/// It belongs to the call, and is of no use after it.
public struct Proceed {
    let body: () async throws -> Void

    /// Goes on with the call, and returns when it has ended.
    ///
    /// - Throws: What the call throws. An interceptor may throw another error instead; it cannot turn a failure into a
    ///   success. ``DurableError`` (`invalidArgument`) when it was called before.
    public func callAsFunction() async throws { try await self.body() }
}

// SPDX-License-Identifier: Apache-2.0

/// How many connections a pool keeps, and how patient it is.
public struct PostgresPoolOptions: Sendable {
    /// How many connections are kept open even if nobody needs them.
    ///
    /// 0.
    public var minimum = 0
    /// How many connections there are at most.
    ///
    /// 10.
    public var maximum = 10
    /// How long a caller waits for a connection; the time for new attempts at connecting is part of it.
    ///
    /// 10 seconds.
    public var acquireTimeout: Duration = .seconds(10)
    /// How long a connection beyond the minimum may lie idle before it is closed.
    ///
    /// 60 seconds.
    public var idleTimeout: Duration = .seconds(60)
    /// The pause after the first failed attempt to connect; it doubles with each further one, and is varied by chance.
    ///
    /// 100 milliseconds.
    public var backOff: Duration = .milliseconds(100)
    /// The longest pause between attempts to connect.
    ///
    /// 5 seconds.
    public var maximumBackOff: Duration = .seconds(5)

    /// The defaults.
    public init() {}

    /// The defaults, with these bounds.
    public init(minimum: Int = 0, maximum: Int) {
        self.minimum = minimum
        self.maximum = maximum
    }
}

// SPDX-License-Identifier: Apache-2.0

/// What a connection tells its observer about each pipeline.
///
/// For tests and tools: it is on the path of every request.
public struct StatementEvent: Sendable {
    /// How far the pipeline is.
    public enum Phase: Hashable, Sendable {
        /// About to be sent; no byte has left. On the sending thread.
        case sending
        /// The sync result has arrived, so that it is committed, and nobody was told yet. On the poller's thread.
        case completed
        /// It failed, or its outcome is unknown. On the poller's thread.
        case failed
    }

    /// How far the pipeline is.
    public var phase: Phase
    /// The connection's number, unique in the process.
    public var connection: Int
    /// The SQL texts of the pipeline, never its parameters.
    public var statements: [String]

    /// An event.
    public init(phase: Phase, connection: Int, statements: [String]) {
        self.phase = phase
        self.connection = connection
        self.statements = statements
    }
}

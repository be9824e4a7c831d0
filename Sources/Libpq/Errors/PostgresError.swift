// SPDX-License-Identifier: Apache-2.0

/// What went wrong between this process and Postgres, or in using the driver.
///
/// The text of the statement is included where there is one, its parameters never are; nor is a password.
public struct PostgresError: Error, Sendable {
    /// Which kind of error it is.
    ///
    /// New codes may be added in any release.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The code's name, as it appears in logs.
        public let description: String

        private init(_ description: String) { self.description = description }

        /// The server refused a statement; `sqlState` says why.
        public static let server = Code("server")
        /// No connection could be made: unreachable, refused, or not in time.
        public static let connectionFailed = Code("connectionFailed")
        /// The connection broke, or was closed, while it was in use.
        public static let connectionLost = Code("connectionLost")
        /// The connection had been closed before the call.
        public static let connectionClosed = Code("connectionClosed")
        /// The reply did not come within the request's deadline; the connection was closed.
        public static let timeout = Code("timeout")
        /// The calling task was cancelled; the server has stopped the statement.
        public static let cancelled = Code("cancelled")
        /// No connection of the pool became free in time.
        public static let poolTimeout = Code("poolTimeout")
        /// The pool has been shut down.
        public static let poolShutdown = Code("poolShutdown")
        /// A value cannot be sent as a Postgres value.
        public static let encoding = Code("encoding")
        /// A value of a row cannot be read as the wanted type.
        public static let decoding = Code("decoding")
        /// A transaction was used after its end, or committed or rolled back by its own body.
        public static let transactionMisuse = Code("transactionMisuse")
        /// An argument or a configuration cannot work.
        public static let invalidArgument = Code("invalidArgument")
        /// The server sent something that the driver cannot make sense of, or does not support (COPY); the connection was closed.
        public static let protocolViolation = Code("protocolViolation")
    }

    /// Which kind of error it is.
    public var code: Code
    /// What happened, for a person.
    public var message: String
    /// The five characters of the server's SQLSTATE, if the server said anything.
    public var sqlState: String?
    /// The server's DETAIL, if any.
    ///
    /// It may quote values of rows.
    public var detail: String?
    /// The server's HINT, if any.
    public var hint: String?
    /// The name of the constraint that was violated, if any.
    public var constraint: String?
    /// The table that the error is about, if the server named one.
    public var table: String?
    /// The column that the error is about, if the server named one.
    public var column: String?
    /// The text of the statement that failed, never its parameters.
    public var statement: String?
    /// Which statement of its pipeline failed, counted from 0.
    public var statementIndex: Int?
    /// The request may have reached the server and taken effect, but no reply came.
    public var isOutcomeUnknown = false
    /// The connection is gone; another one is needed.
    public var isConnectionLost = false
    /// The error beneath, if there is one.
    public var underlying: (any Error)?

    /// Makes an error.
    public init(_ code: Code, _ message: String, sqlState: String? = nil, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.sqlState = sqlState
        self.underlying = underlying
    }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
    /// One line: what happened, and the SQLSTATE.
    ///
    /// Without the server's detail, which may quote values.
    public var description: String {
        var text = self.message
        if let sqlState { text += " [SQLSTATE \(sqlState)]" }
        if self.isOutcomeUnknown { text += " (whether it took effect is unknown)" }
        return text
    }

    /// Everything: code, message, SQLSTATE, detail, hint, statement and underlying error.
    public var debugDescription: String {
        var text = "PostgresError.\(self.code): \(self.description)"
        if let detail { text += " detail: \(detail)" }
        if let hint { text += " hint: \(hint)" }
        if let statement { text += " statement\(self.statementIndex.map { " \($0)" } ?? ""): \(statement)" }
        if let underlying { text += " <- \(String(reflecting: underlying))" }
        return text
    }
}

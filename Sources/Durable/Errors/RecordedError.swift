// SPDX-License-Identifier: Apache-2.0

import Libpq

/// An error as the `error` columns keep it: `{"attempt":3,"code":"…","message":"…","type":"…","value":{…}}`.
///
/// What is thrown is made from the record in the process that records it too, so live and replay cannot differ.
package struct RecordedError: Sendable, Equatable {
    /// The name of the error's type with its module.
    package var type: String
    /// What the error says about itself, cut at 4 KiB.
    package var message: String
    /// The error's code, if its type has one.
    package var code: String?
    /// The attempt that failed, from 1.
    package var attempt: Int?
    /// The JSON text of the error itself, if its step declares its type.
    package var payload: [UInt8]?

    package init(type: String, message: String, code: String? = nil, attempt: Int? = nil, payload: [UInt8]? = nil) {
        self.type = type
        self.message = message
        self.code = code
        self.attempt = attempt
        self.payload = payload
    }

    /// Takes down an error, with its value if its type is declared and the value comes back from what would be recorded.
    ///
    /// `RetryAfter` and `NonRetryable` say what to do about an error; the error that they wrap is the one that is recorded.
    package init(
        recording error: any Error,
        attempt: Int? = nil,
        declared: [any (Error & Codable).Type] = [],
        coder: PayloadCoder = PayloadCoder()
    ) {
        let error = Self.unwrapped(error)
        if let failure = error as? StepFailure {
            self.init(
                type: failure.type,
                message: failure.message,
                code: failure.code,
                attempt: attempt ?? failure.attempt
            )
        } else {
            self.init(
                type: TypeName(Swift.type(of: error)).description,
                message: ErrorMessage(error).description,
                code: Self.code(of: error),
                attempt: attempt
            )
        }
        guard let type = declared.first(where: { $0 == Swift.type(of: error) }) else { return }
        if let json = Self.json(of: error, as: type, coder), (try? Self.value(type, json, coder)) != nil {
            self.payload = json
        }
    }

    /// The error to throw: the value of a declared type, or a `StepFailure`.
    ///
    /// - Throws: `DurableError.undecodable` if the type is declared and the recorded value no longer fits it.
    package func thrown(
        declared: [any (Error & Codable).Type] = [],
        coder: PayloadCoder = PayloadCoder()
    ) throws -> any Error {
        if let payload, let type = declared.first(where: { TypeName($0).description == self.type }) {
            return try Self.value(type, payload, coder)
        }
        return self.failure
    }

    /// The error without its value.
    package var failure: StepFailure {
        StepFailure(type: self.type, message: self.message, attempt: self.attempt, code: self.code)
    }

    private static func unwrapped(_ error: any Error) -> any Error {
        var error = error
        while let advice = error as? any RetryAdvice { error = advice.underlying }
        return error
    }

    private static func code(of error: any Error) -> String? {
        if let error = error as? DurableError { return error.code.description }
        if let error = error as? PostgresError { return error.sqlState }
        return (error as? any RawRepresentable)?.rawValue as? String
    }

    private static func json<E: Error & Codable>(of error: any Error, as type: E.Type, _ coder: PayloadCoder)
        -> [UInt8]?
    {
        guard let error = error as? E, let stored = try? coder.encode(error, as: "the error") else { return nil }
        return PayloadEnvelope.open(stored)
    }

    private static func value<E: Error & Codable>(
        _ type: E.Type,
        _ json: [UInt8],
        _ coder: PayloadCoder
    ) throws -> any Error {
        try coder.decode(type, from: json)
    }
}

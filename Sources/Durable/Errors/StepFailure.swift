// SPDX-License-Identifier: Apache-2.0

/// What a step failed with, as it was recorded: the same when it happens and on every replay.
///
/// A step that throws an error of a type which it does not declare (or which is not `Codable`) throws this instead, so that code
/// which looks at the error decides alike in every process.
///
/// ```swift
/// do {
///     try await workflow.step("charge") { step in try await payments.charge(order.total) }
/// } catch let failure as StepFailure where failure.type == "Shop.CardRefused" {
///     return .refused(failure.message)
/// }
/// ```
public struct StepFailure: Error, Codable, Sendable, Equatable {
    /// The name of the error's type with its module: `Shop.CardRefused`.
    public var type: String
    /// What the error said about itself, cut at 4 KiB.
    public var message: String
    /// The attempt that failed last, from 1; nil if what failed is not an attempt of a step.
    public var attempt: Int?
    /// The error's code, if its type has one: an SQLSTATE, or the raw value of an error whose raw values are texts.
    public var code: String?

    /// Makes a failure, for tests and for errors that a service passes on.
    public init(type: String, message: String, attempt: Int? = nil, code: String? = nil) {
        self.type = type
        self.message = message
        self.attempt = attempt
        self.code = code
    }
}

extension StepFailure: CustomStringConvertible {
    /// The type and the message.
    public var description: String { self.message.isEmpty ? self.type : "\(self.type): \(self.message)" }
}

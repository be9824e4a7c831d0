// SPDX-License-Identifier: Apache-2.0

/// The inputs of a step, as far as they are recorded: by their fingerprint, to be compared on replay.
///
/// Annotated steps hand over theirs by themselves. The closure form can do the same:
///
/// ```swift
/// let charge = try await workflow.step("charge", inputs: StepInputs(order, currency)) { step in
///     try await payments.charge(order.total, in: currency, idempotencyKey: step.idempotencyKey)
/// }
/// ```
///
/// The fingerprint is a 64-bit hash of the values' JSON, with sorted keys and sorted sets, so that equal values have the same
/// one in every process. Names of parameters are not part of it, their order is.
public struct StepInputs: Sendable {
    private enum Content {
        case none
        case fingerprint(Int64)
        case failed(path: String, any Error)
    }

    let check: InputCheck
    private let content: Content

    /// Nothing is recorded, and nothing compared.
    public static let none = StepInputs()

    private init() {
        self.check = .ignored
        self.content = .none
    }

    /// Takes the fingerprint of some values, which is checked as by default.
    ///
    /// See ``init(_:_:)``.
    public init<each Input: Encodable>(_ inputs: repeat each Input) {
        self.init(.checked, repeat each inputs)
    }

    /// Takes the fingerprint of some values.
    ///
    /// A value that cannot be encoded makes the step throw `DurableError.unencodable`, before it runs.
    ///
    /// - Parameters:
    ///   - check: What happens on replay when the fingerprint is another one.
    ///   - inputs: The values, in their order.
    public init<each Input: Encodable>(_ check: InputCheck, _ inputs: repeat each Input) {
        self.check = check
        guard check != .ignored else {
            self.content = .none
            return
        }
        let writer = JSONWriter(allowsNonFinite: true)
        do {
            for input in repeat each inputs {
                try writer.write(input)
                // JSON has no bare line ends: where one value ends and the next begins is never in doubt.
                writer.bytes.append(UInt8(ascii: "\n"))
            }
            self.content = .fingerprint(Int64(bitPattern: XXHash64.hash(writer.bytes)))
        } catch {
            self.content = .failed(
                path: PayloadPath(writer.failure?.path ?? []).orWhole,
                writer.failure?.error ?? error
            )
        }
    }

    /// The hash of the values; nil when they are not compared.
    ///
    /// - Throws: `DurableError.unencodable` when one of them cannot be encoded.
    func fingerprint(of label: String, workflow: String) throws -> Int64? {
        switch self.content {
        case .none: return nil
        case .fingerprint(let fingerprint): return fingerprint
        case .failed(let path, let error):
            let reason = (error as? JSONProblem).map { "\($0)" } ?? "threw \(type(of: error))"
            throw DurableError(
                .unencodable,
                """
                an input of it cannot be fingerprinted: \(path) \(reason). \
                Where it cannot be encoded at all, annotate the step with `inputs: .ignored`
                """,
                workflow: workflow,
                step: label,
                underlying: error is JSONProblem ? nil : error
            )
        }
    }
}

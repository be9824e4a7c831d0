// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Writes inputs, results and errors as the JSON that the database keeps, and reads them back exactly.
///
/// - Keys are sorted, and sets and dictionaries without text keys are written in the order of their bytes, so that equal values
///   give equal bytes in every process. The text is compact.
/// - `Date` is ISO 8601 in UTC with as many decimals as it takes to come back bit-exact (see `PayloadDate`), `Data` is base64,
///   numbers are the shortest text that reads back as the same number, `URL` is text, `Decimal` a number.
/// - Fragments (`7`, `"x"`, `null`) are payloads too; only `Nothing` is SQL NULL. Optionals of optionals are told apart at the top
///   level (`null`, `[null]`, `[[1]]`); inside of a value they are what `Codable` makes of them.
/// - A text that Postgres could not read field by field is wrapped, see `PayloadEnvelope`.
package struct PayloadCoder: Sendable {
    /// The limit unless another is configured: 8 MiB.
    package static let defaultLimit = 8 << 20

    /// The most bytes of JSON that one payload may have.
    package var limit: Int
    /// What is done to payloads of users before they are written; nil: nothing.
    let codecs: PayloadCodecs?

    package init(limit: Int = PayloadCoder.defaultLimit, codecs: PayloadCodecs? = nil) {
        self.limit = limit
        self.codecs = codecs
    }

    /// The JSON text of a value, or nil (SQL NULL) for `Nothing`.
    ///
    /// - Parameters:
    ///   - what: what the value is, for the error: `the result of step charge`.
    ///   - subject: what the value is, for codecs; nil for what belongs to the engine, and is never encoded.
    /// - Throws: `DurableError.unencodable`, which names the path of what cannot be written, or the size and the limit.
    package func encode<T: Encodable>(
        _ value: T,
        as what: @autoclosure () -> String,
        of subject: @autoclosure () -> PayloadSubject? = nil
    ) throws -> [UInt8]? {
        if T.self == Nothing.self { return nil }
        let writer = JSONWriter()
        do {
            // Leaves first: what a type conforms to is asked of the runtime, and no leaf is an optional.
            if try !writer.writeLeaf(value) {
                if T.self is any OptionalPayload.Type, let optional = value as? any OptionalPayload {
                    try optional.write(nestedTo: writer)
                } else {
                    try writer.write(value)
                }
            }
        } catch {
            throw self.unencodable(error, writer.failure, what())
        }
        if let codecs, let subject = subject(), writer.bytes.count <= self.limit {
            do {
                if let envelope = try codecs.encode(writer.bytes, of: subject) { return envelope.stored }
            } catch {
                throw Self.unencoded(error, what())
            }
        }
        return try self.stored(writer.bytes, holdsNull: writer.holdsNull, as: what())
    }

    private static func unencoded(_ error: any Error, _ what: String) -> DurableError {
        let reason = (error as? PayloadCodecFailure)?.description ?? "a codec threw \(type(of: error))"
        return DurableError(.unencodable, "\(self.sentence(what)) cannot be encoded: \(reason).")
    }

    /// The JSON text of a stored payload, out of whatever envelope it is in.
    ///
    /// - Throws: `UnreadableEncoding`.
    func opened(_ stored: [UInt8]) throws -> [UInt8] {
        guard EncodedEnvelope.isOne(stored) else {
            guard let json = PayloadEnvelope.open(stored) else { throw UnreadableEncoding.damaged }
            return json
        }
        guard let envelope = EncodedEnvelope(stored) else { throw UnreadableEncoding.damaged }
        guard let codecs else { throw UnreadableEncoding(noCodecsFor: envelope) }
        return try codecs.decode(envelope)
    }

    /// A JSON text in the form in which it is stored, if it is within the limit.
    func stored(_ json: [UInt8], holdsNull: Bool, as what: @autoclosure () -> String) throws -> [UInt8] {
        guard json.count <= self.limit else {
            throw DurableError(
                .unencodable,
                "\(Self.sentence(what())) is \(ByteCount(json.count)) of JSON; the limit is \(ByteCount(self.limit)). "
                    + "Keep large data elsewhere and record where it is."
            )
        }
        return PayloadEnvelope.seal(json, holdsNull: holdsNull)
    }

    private func unencodable(
        _ error: any Error,
        _ failure: (path: [any CodingKey], error: any Error)?,
        _ what: String
    ) -> DurableError {
        var path = PayloadPath(failure?.path ?? [])
        let cause = failure?.error ?? error
        if let problem = cause as? JSONProblem {
            return DurableError(
                .unencodable,
                "\(Self.sentence(what)) cannot be written as JSON: \(path.orWhole) \(problem)."
            )
        }
        // What a type of the user's own says may quote values: it is kept apart, out of the line that is logged.
        if case EncodingError.invalidValue(_, let context) = cause,
            context.codingPath.count > (failure?.path.count ?? 0)
        {
            path = PayloadPath(context.codingPath)
        }
        return DurableError(
            .unencodable,
            "\(Self.sentence(what)) cannot be written as JSON: the encode(to:) of \(path.orWhole) threw \(type(of: cause)).",
            underlying: cause
        )
    }

    private static func sentence(_ what: String) -> String { what.prefix(1).uppercased() + what.dropFirst() }
}

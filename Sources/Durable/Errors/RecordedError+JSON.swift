// SPDX-License-Identifier: Apache-2.0

extension RecordedError {
    private struct Fields: Codable {
        var attempt: Int?
        var code: String?
        var message: String
        var type: String
    }

    /// What codecs hide of an error.
    private struct Sealed: Codable {
        var message: String
        /// JSON text.
        var value: String?
    }

    /// The JSON text for the `error` column.
    ///
    /// Never fails: a value that makes the text larger than the limit is left out, and messages are short. Where codecs encode
    /// errors the message and the value stand in an envelope of their own, and the type can still be searched for.
    package func encode(by coder: PayloadCoder = PayloadCoder()) -> [UInt8] {
        var shown = self
        var sealed: [UInt8]?
        if let codecs = coder.codecs {
            do {
                let writer = JSONWriter()
                let value = self.payload.flatMap { $0.count <= coder.limit ? String(decoding: $0, as: UTF8.self) : nil }
                try writer.write(Sealed(message: self.message, value: value))
                if let envelope = try codecs.encode(writer.bytes, of: PayloadSubject(.error)) {
                    sealed = envelope.stored
                    shown.message = "(encoded by \(envelope.words))"
                    shown.payload = nil
                }
            } catch {
                shown.message = "(its words could not be encoded: \(Swift.type(of: error)))"
                shown.payload = nil
            }
        }
        return shown.text(limit: coder.limit, sealed: sealed)
    }

    private func text(limit: Int, sealed: [UInt8]?) -> [UInt8] {
        let writer = JSONWriter()
        do {
            try writer.write(Fields(attempt: self.attempt, code: self.code, message: self.message, type: self.type))
        } catch {
            // Two texts and a number: nothing in them can be refused.
            return JSONText.null
        }
        var json = writer.bytes
        if let payload, json.count + payload.count + 9 <= limit { Self.append("value", payload, to: &json) }
        if let sealed { Self.append("sealed", sealed, to: &json) }
        // A value came out of its own envelope, where it had one; here it shares that of the whole.
        let holdsNull = writer.holdsNull || JSONText.mentionsNull(json)
        return PayloadEnvelope.seal(json, holdsNull: holdsNull)
    }

    private static func append(_ field: String, _ value: [UInt8], to json: inout [UInt8]) {
        json.removeLast()
        json.append(contentsOf: #","\#(field)":"#.utf8)
        json.append(contentsOf: value)
        json.append(UInt8(ascii: "}"))
    }

    /// Reads the `error` column.
    ///
    /// - Parameter isForShow: What is encoded and cannot be read is left as it is shown in the database.
    /// - Throws: `DurableError.undecodable` for anything that is no such record, or cannot be decoded here.
    package init(
        decoding stored: [UInt8],
        by coder: PayloadCoder = PayloadCoder(),
        isForShow: Bool = false
    ) throws {
        let fields = try coder.decode(Fields.self, from: stored)
        let json = PayloadEnvelope.open(stored) ?? stored
        self.init(
            type: fields.type,
            message: fields.message,
            code: fields.code,
            attempt: fields.attempt,
            payload: try JSONReader.field("value", of: json)
        )
        guard let sealed = try JSONReader.field("sealed", of: json), EncodedEnvelope.isOne(sealed) else { return }
        do {
            let hidden = try coder.decode(Sealed.self, from: sealed)
            self.message = hidden.message
            self.payload = hidden.value.map { Array($0.utf8) }
        } catch {
            if !isForShow { throw error }
        }
    }
}

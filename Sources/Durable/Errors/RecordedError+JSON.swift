// SPDX-License-Identifier: Apache-2.0

extension RecordedError {
    private struct Fields: Codable {
        var attempt: Int?
        var code: String?
        var message: String
        var type: String
    }

    /// The JSON text for the `error` column.
    ///
    /// Never fails: a value that makes the text larger than the limit is left out, and messages are short.
    package func encode(by coder: PayloadCoder = PayloadCoder()) -> [UInt8] {
        let writer = JSONWriter()
        do {
            try writer.write(Fields(attempt: self.attempt, code: self.code, message: self.message, type: self.type))
        } catch {
            // Two texts and a number: nothing in them can be refused.
            return JSONText.null
        }
        var json = writer.bytes
        if let payload, json.count + payload.count + 9 <= coder.limit {
            json.removeLast()
            json.append(contentsOf: #","value":"#.utf8)
            json.append(contentsOf: payload)
            json.append(UInt8(ascii: "}"))
        }
        // A value came out of its own envelope, where it had one; here it shares that of the whole.
        let holdsNull = writer.holdsNull || JSONText.mentionsNull(json)
        return PayloadEnvelope.seal(json, holdsNull: holdsNull)
    }

    /// Reads the `error` column.
    ///
    /// - Throws: `DurableError.undecodable` for anything that is no such record.
    package init(decoding stored: [UInt8], by coder: PayloadCoder = PayloadCoder()) throws {
        let fields = try coder.decode(Fields.self, from: stored)
        self.init(
            type: fields.type,
            message: fields.message,
            code: fields.code,
            attempt: fields.attempt,
            payload: try JSONReader.field("value", of: PayloadEnvelope.open(stored) ?? stored)
        )
    }
}

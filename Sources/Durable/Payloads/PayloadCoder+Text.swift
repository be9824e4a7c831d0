// SPDX-License-Identifier: Apache-2.0

extension PayloadCoder {
    /// A value as JSON text, to be kept inside of another payload.
    func text<T: Encodable>(
        of value: T,
        as what: @autoclosure () -> String,
        _ subject: @autoclosure () -> PayloadSubject? = nil
    ) throws -> String {
        String(decoding: try self.encode(value, as: what(), of: subject()) ?? JSONText.null, as: UTF8.self)
    }

    /// Reads what `text(of:as:)` wrote.
    func value<T: Decodable>(_ type: T.Type, from text: String) throws -> T {
        try self.decode(type, from: [UInt8](text.utf8))
    }
}

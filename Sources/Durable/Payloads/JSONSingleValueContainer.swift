// SPDX-License-Identifier: Apache-2.0

/// A value that is one scalar, or stands for another value.
struct JSONSingleValueContainer: SingleValueEncodingContainer {
    let writer: JSONWriter
    let path: [any CodingKey]

    var codingPath: [any CodingKey] { self.path }

    func encode<T: Encodable>(_ value: T) throws { try self.fresh().write(value) }
    func encodeNil() throws { try self.fresh().appendNull() }
    func encode(_ value: Bool) throws { try self.fresh().append(value) }
    func encode(_ value: String) throws { try self.fresh().append(value) }
    func encode(_ value: Double) throws { try self.fresh().append(value) }
    func encode(_ value: Float) throws { try self.fresh().append(value) }
    func encode(_ value: Int) throws { try self.fresh().append(value) }
    func encode(_ value: Int8) throws { try self.fresh().append(value) }
    func encode(_ value: Int16) throws { try self.fresh().append(value) }
    func encode(_ value: Int32) throws { try self.fresh().append(value) }
    func encode(_ value: Int64) throws { try self.fresh().append(value) }
    func encode(_ value: Int128) throws { try self.fresh().append(value) }
    func encode(_ value: UInt) throws { try self.fresh().append(value) }
    func encode(_ value: UInt8) throws { try self.fresh().append(value) }
    func encode(_ value: UInt16) throws { try self.fresh().append(value) }
    func encode(_ value: UInt32) throws { try self.fresh().append(value) }
    func encode(_ value: UInt64) throws { try self.fresh().append(value) }
    func encode(_ value: UInt128) throws { try self.fresh().append(value) }

    /// The writer, if nothing has been written for this value yet.
    private func fresh() throws -> JSONWriter {
        guard self.writer.bytes.count == self.writer.start else { throw self.writer.problem(.severalValues) }
        return self.writer
    }
}

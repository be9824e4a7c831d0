// SPDX-License-Identifier: Apache-2.0

/// The elements of an array.
struct JSONUnkeyedContainer: UnkeyedEncodingContainer {
    let writer: JSONWriter
    let path: [any CodingKey]
    let frame: Int

    var codingPath: [any CodingKey] { self.path }
    var count: Int { self.writer.elements(of: self.frame) }

    func encode<T: Encodable>(_ value: T) throws {
        try self.writer.write(value, under: JSONIndexKey(self.count)) { self.start() }
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        self.superEncoder().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        self.superEncoder().unkeyedContainer()
    }

    func superEncoder() -> any Encoder {
        let key = JSONIndexKey(self.count)
        self.start()
        return self.writer.splice(under: key)
    }

    private func start() { self.writer.startElement(of: self.frame) }

    private func write(_ value: some FixedWidthInteger) {
        self.start()
        self.writer.append(value)
    }

    func encodeNil() {
        self.start()
        self.writer.appendNull()
    }

    func encode(_ value: Bool) {
        self.start()
        self.writer.append(value)
    }

    func encode(_ value: String) {
        self.start()
        self.writer.append(value)
    }

    func encode(_ value: Double) throws {
        guard value.isFinite else { throw self.writer.problem(.notFinite(value), at: JSONIndexKey(self.count)) }
        self.start()
        try self.writer.append(value)
    }

    func encode(_ value: Float) throws {
        guard value.isFinite else { throw self.writer.problem(.notFinite(value), at: JSONIndexKey(self.count)) }
        self.start()
        try self.writer.append(value)
    }

    func encode(_ value: Int) { self.write(value) }
    func encode(_ value: Int8) { self.write(value) }
    func encode(_ value: Int16) { self.write(value) }
    func encode(_ value: Int32) { self.write(value) }
    func encode(_ value: Int64) { self.write(value) }
    func encode(_ value: Int128) { self.write(value) }
    func encode(_ value: UInt) { self.write(value) }
    func encode(_ value: UInt8) { self.write(value) }
    func encode(_ value: UInt16) { self.write(value) }
    func encode(_ value: UInt32) { self.write(value) }
    func encode(_ value: UInt64) { self.write(value) }
    func encode(_ value: UInt128) { self.write(value) }
}

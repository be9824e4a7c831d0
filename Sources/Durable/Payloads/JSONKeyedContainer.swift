// SPDX-License-Identifier: Apache-2.0

/// The fields of an object.
struct JSONKeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let writer: JSONWriter
    let path: [any CodingKey]
    let frame: Int

    var codingPath: [any CodingKey] { self.path }

    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        try self.writer.write(value, under: key) { self.start(key) }
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        self.superEncoder(forKey: key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        self.superEncoder(forKey: key).unkeyedContainer()
    }

    func superEncoder(forKey key: Key) -> any Encoder {
        self.start(key)
        return self.writer.splice(under: key)
    }

    func superEncoder() -> any Encoder {
        let key = JSONSuperKey()
        self.writer.startField(key.stringValue, of: self.frame)
        return self.writer.splice(under: key)
    }

    private func start(_ key: Key) { self.writer.startField(key.stringValue, of: self.frame) }

    private func write(_ value: some FixedWidthInteger, _ key: Key) {
        self.start(key)
        self.writer.append(value)
    }

    func encodeNil(forKey key: Key) {
        self.start(key)
        self.writer.appendNull()
    }

    func encode(_ value: Bool, forKey key: Key) {
        self.start(key)
        self.writer.append(value)
    }

    func encode(_ value: String, forKey key: Key) {
        self.start(key)
        self.writer.append(value)
    }

    func encode(_ value: Double, forKey key: Key) throws {
        guard value.isFinite else { throw self.writer.problem(.notFinite(value), at: key) }
        self.start(key)
        try self.writer.append(value)
    }

    func encode(_ value: Float, forKey key: Key) throws {
        guard value.isFinite else { throw self.writer.problem(.notFinite(value), at: key) }
        self.start(key)
        try self.writer.append(value)
    }

    func encode(_ value: Int, forKey key: Key) { self.write(value, key) }
    func encode(_ value: Int8, forKey key: Key) { self.write(value, key) }
    func encode(_ value: Int16, forKey key: Key) { self.write(value, key) }
    func encode(_ value: Int32, forKey key: Key) { self.write(value, key) }
    func encode(_ value: Int64, forKey key: Key) { self.write(value, key) }
    func encode(_ value: Int128, forKey key: Key) { self.write(value, key) }
    func encode(_ value: UInt, forKey key: Key) { self.write(value, key) }
    func encode(_ value: UInt8, forKey key: Key) { self.write(value, key) }
    func encode(_ value: UInt16, forKey key: Key) { self.write(value, key) }
    func encode(_ value: UInt32, forKey key: Key) { self.write(value, key) }
    func encode(_ value: UInt64, forKey key: Key) { self.write(value, key) }
    func encode(_ value: UInt128, forKey key: Key) { self.write(value, key) }
}

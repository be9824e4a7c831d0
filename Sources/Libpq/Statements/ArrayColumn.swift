// SPDX-License-Identifier: Apache-2.0

/// A column of values that grows into one array parameter, for `unnest($1)`: each value is encoded when it is appended.
///
/// ```swift
/// var ids = ArrayColumn(.text)
/// ids.append("a")
/// ids.appendNull()
/// let statement = Statement(insert, [ids.parameter])
/// ```
public struct ArrayColumn: Sendable {
    // The wire format: dimensions, has-null flag, element type, length, lower bound (20 bytes, kept up to date); then the
    // length and the bytes of each element.
    private static let headerCount = 20

    /// The type of the elements.
    public let element: PostgresType
    /// How many elements there are.
    public private(set) var count = 0
    private let capacity: Int
    /// Empty until there is a value: most columns of most batches never have one.
    private var bytes: [UInt8] = []
    /// How many NULLs came after the last value: they are written once another value follows, if one does.
    private var openNulls = 0

    /// An empty column, which makes room for `capacity` bytes when it gets its first value.
    public init(_ element: PostgresType, capacity: Int = 256) {
        self.element = element
        self.capacity = max(capacity, Self.headerCount)
    }

    /// Appends a text, also one for a `json`, `varchar` or enum column.
    @inlinable
    public mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { self.append(UnsafeRawBufferPointer($0)) }
    }

    /// Appends bytes that are already in the element's binary format: `bytea`, `json`, `uuid`.
    @inlinable
    public mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { self.append($0) }
    }

    /// Appends the text of a JSON document; a `jsonb` column gets its version byte.
    public mutating func append(json bytes: [UInt8]) {
        if self.element == .jsonb {
            self.begin(bytes.count + 1)
            self.bytes.append(1)
            self.bytes.append(contentsOf: bytes)
        } else {
            self.append(bytes)
        }
    }

    /// Appends a `smallint`.
    public mutating func append(_ value: Int16) { self.append(integer: value) }
    /// Appends an `integer`.
    public mutating func append(_ value: Int32) { self.append(integer: value) }
    /// Appends a `bigint`; in a `timestamptz` column, microseconds since 2000-01-01 00:00 UTC.
    public mutating func append(_ value: Int64) { self.append(integer: value) }
    /// Appends a `real`.
    public mutating func append(_ value: Float) { self.append(integer: value.bitPattern) }
    /// Appends a `double precision`.
    public mutating func append(_ value: Double) { self.append(integer: value.bitPattern) }
    /// Appends a `boolean`.
    public mutating func append(_ value: Bool) { self.append(integer: UInt8(value ? 1 : 0)) }

    /// Appends a `timestamptz` as microseconds since 2000-01-01 00:00 UTC.
    public mutating func append(microseconds: Int64) { self.append(integer: microseconds) }

    /// Appends NULL.
    public mutating func appendNull() {
        self.count += 1
        self.openNulls += 1
    }

    /// Appends the bytes of one element in its binary format.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        self.begin(bytes.count)
        self.bytes.append(contentsOf: bytes)
    }

    /// Empties the column and keeps its memory.
    public mutating func removeAll() {
        self.bytes.removeAll(keepingCapacity: true)
        self.count = 0
        self.openNulls = 0
    }

    /// The column as an array parameter.
    ///
    /// Shares the bytes with the column unless NULLs are at its end; nothing else is copied.
    public var parameter: Parameter {
        guard self.openNulls > 0 else { return self.trimmedParameter }
        var whole = self
        whole.writeNulls()
        return whole.trimmedParameter
    }

    /// The column as an array parameter without the NULLs at its end, for `unnest` beside a column that has none there.
    ///
    /// Where one array is shorter than another `unnest` gives NULL for what is missing, and spends nothing on it: a column
    /// in which no row has a value costs an empty array.
    public var trimmedParameter: Parameter {
        if !self.bytes.isEmpty { return Parameter(bytes: self.bytes, type: self.element.array) }
        // An empty array has no dimension, and no bound.
        var empty = Self(self.element)
        for value in [0, 0, self.element.oid] as [UInt32] { empty.put(value) }
        return Parameter(bytes: empty.bytes, type: self.element.array)
    }

    private mutating func append<T: FixedWidthInteger>(integer value: T) {
        self.makeReady()
        let length = UInt32(MemoryLayout<T>.size)
        // In one piece: the journal appends a dozen of them for every checkpoint.
        withUnsafeTemporaryAllocation(byteCount: 4 + MemoryLayout<T>.size, alignment: 8) { element in
            element.storeBytes(of: length.bigEndian, as: UInt32.self)
            element.storeBytes(of: value.bigEndian, toByteOffset: 4, as: T.self)
            self.bytes.append(contentsOf: element)
        }
        self.counted()
    }

    private mutating func begin(_ length: Int) {
        self.makeReady()
        self.put(UInt32(truncatingIfNeeded: length))
        self.counted()
    }

    /// After this a value can be written.
    private mutating func makeReady() {
        if self.openNulls > 0 { self.writeNulls() } else if self.bytes.isEmpty { self.open() }
    }

    private mutating func writeNulls() {
        if self.bytes.isEmpty { self.open() }
        for _ in 0..<self.openNulls { self.put(UInt32.max) }
        self.openNulls = 0
        self.store(1, at: 4)
        self.storeCount()
    }

    private mutating func counted() {
        self.count += 1
        self.storeCount()
    }

    private mutating func storeCount() {
        self.store(UInt32(truncatingIfNeeded: self.count), at: 12)
    }

    private mutating func put(_ value: UInt32) {
        withUnsafeBytes(of: value.bigEndian) { self.bytes.append(contentsOf: $0) }
    }

    private mutating func store(_ value: UInt32, at offset: Int) {
        self.bytes.withUnsafeMutableBytes { $0.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt32.self) }
    }

    private mutating func open() {
        self.bytes.reserveCapacity(self.capacity)
        for value in [1, 0, self.element.oid, 0, 1] as [UInt32] { self.put(value) }
    }
}

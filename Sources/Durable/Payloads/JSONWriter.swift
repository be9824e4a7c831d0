// SPDX-License-Identifier: Apache-2.0

/// An `Encoder` that writes JSON bytes as it goes: keys sorted, no tree in between, the same bytes in every process.
///
/// A container's fields are written as they come and put in order when the value that owns the container has been encoded. What
/// the `Encoder` protocol lets outlive its turn (nested containers and super encoders) gets a writer of its own, whose bytes are
/// spliced in at the end. One writer serves one payload on one thread.
final class JSONWriter: Encoder {
    /// As deep as `JSONDecoder` reads: a deeper payload could be recorded, but never replayed.
    static let maximumDepth = 512
    /// How many `encode(to:)` calls may be nested; some nest without nesting JSON, and the stack is finite.
    private static let maximumCalls = 2048

    // Only the thread that encodes touches a writer, never two accesses at once; checking that at run time costs an eighth of it.
    @exclusivity(unchecked) var bytes: [UInt8] = []
    @exclusivity(unchecked) var fields: [JSONField] = []
    @exclusivity(unchecked) private var frames: [JSONFrame] = []
    @exclusivity(unchecked) private var spliced: [Splice] = []
    @exclusivity(unchecked) private var path: [any CodingKey] = []
    @exclusivity(unchecked) private var calls: Int
    /// How many frames were open when the value began that is being encoded.
    @exclusivity(unchecked) private var base = 0
    /// Where the bytes of that value begin.
    @exclusivity(unchecked) private(set) var start = 0
    /// Whether a string held U+0000.
    @exclusivity(unchecked) var holdsNull = false
    /// Where in the payload encoding failed first; nil while it has not.
    @exclusivity(unchecked) private(set) var failure: (path: [any CodingKey], error: any Error)?
    private let depth: Int
    /// Whether NaN and the infinities are written, as no JSON: for what is only compared, never read.
    let allowsNonFinite: Bool

    /// A writer whose bytes belong at `offset` of this one's.
    private struct Splice {
        var offset: Int
        var writer: JSONWriter
    }

    /// How far everything was before a field or an element, to go back to if it cannot be encoded.
    struct Mark {
        fileprivate var bytes, fields, frames, spliced, path: Int
        fileprivate var frame: JSONFrame?
    }

    init(allowsNonFinite: Bool = false) {
        self.allowsNonFinite = allowsNonFinite
        self.depth = 0
        self.calls = 0
        self.bytes.reserveCapacity(256)
    }

    private init(within parent: JSONWriter, key: any CodingKey) {
        self.allowsNonFinite = parent.allowsNonFinite
        self.path = parent.path + [key]
        self.depth = parent.depth + parent.frames.count
        self.calls = parent.calls + 1
    }

    var codingPath: [any CodingKey] { self.path }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// Writes one value, whatever it holds.
    func write<T: Encodable>(_ value: T) throws {
        if try self.writeLeaf(value) { return }
        let outer = (base: self.base, start: self.start)
        let mark = self.mark
        self.failure = nil
        self.base = mark.frames
        self.start = mark.bytes
        self.calls += 1
        defer {
            self.base = outer.base
            self.start = outer.start
            self.calls -= 1
        }
        guard self.calls <= Self.maximumCalls, self.depth + self.base <= Self.maximumDepth else {
            throw self.problem(.tooDeep)
        }
        do {
            if T.self is any UnorderedPayload.Type, let unordered = value as? any UnorderedPayload {
                try unordered.write(to: self)
            } else {
                try value.encode(to: self)
            }
            try self.close(from: mark)
        } catch {
            if self.failure == nil { self.failure = (self.path, error) }
            throw error
        }
    }

    /// The error to throw for a value at the current place, or under `key` in it.
    func problem(_ problem: JSONProblem, at key: (any CodingKey)? = nil) -> any Error {
        self.failure = (self.path + (key.map { [$0] } ?? []), problem)
        return problem
    }

    // MARK: Fields and elements

    var mark: Mark {
        Mark(
            bytes: self.bytes.count,
            fields: self.fields.count,
            frames: self.frames.count,
            spliced: self.spliced.count,
            path: self.path.count,
            frame: self.frames.last
        )
    }

    /// A type may catch an error and go on; then nothing of the value that failed may be left.
    func rollBack(to mark: Mark) {
        self.bytes.removeLast(self.bytes.count - mark.bytes)
        self.fields.removeLast(self.fields.count - mark.fields)
        self.frames.removeLast(self.frames.count - mark.frames)
        self.spliced.removeLast(self.spliced.count - mark.spliced)
        self.path.removeLast(self.path.count - mark.path)
        if let frame = mark.frame { self.frames[mark.frames - 1] = frame }
    }

    /// Writes a field or an element, of which `start` writes what comes before the value.
    func write<T: Encodable>(_ value: T, under key: some CodingKey, start: () -> Void) throws {
        let mark = self.mark
        start()
        self.path.append(key)
        do {
            try self.write(value)
            self.path.removeLast()
        } catch {
            self.rollBack(to: mark)
            throw error
        }
    }

    /// A writer for something that is finished later than its turn.
    func splice(under key: any CodingKey) -> JSONWriter {
        let writer = JSONWriter(within: self, key: key)
        self.spliced.append(Splice(offset: self.bytes.count, writer: writer))
        return writer
    }

    // MARK: Containers

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(JSONKeyedContainer<Key>(writer: self, path: self.path, frame: self.open(.object)))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        JSONUnkeyedContainer(writer: self, path: self.path, frame: self.open(.array))
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        JSONSingleValueContainer(writer: self, path: self.path)
    }

    /// Opens the container of the current value, or finds it again: a class and its superclass share one.
    func open(_ kind: JSONFrame.Kind) -> Int {
        if self.frames.count > self.base {
            if self.frames[self.base].kind != kind { self.frames[self.base].problem = .severalContainers }
            return self.base
        }
        var frame = JSONFrame(kind: kind, start: self.bytes.count, fields: self.fields.count)
        if self.depth + self.frames.count >= Self.maximumDepth { frame.problem = .tooDeep }
        if frame.start != self.start { frame.problem = .severalValues }
        self.frames.append(frame)
        self.bytes.append(kind == .object ? UInt8(ascii: "{") : UInt8(ascii: "["))
        return self.frames.count - 1
    }

    /// Counts an element of an array and writes the comma before it.
    func startElement(of frame: Int) {
        if self.frames[frame].count > 0 { self.bytes.append(UInt8(ascii: ",")) }
        self.frames[frame].count += 1
    }

    /// How many elements the array has so far.
    func elements(of frame: Int) -> Int { self.frames[frame].count }

    /// Writes the key of a field.
    func startField(_ key: String, of frame: Int) {
        if self.frames[frame].count > 0 { self.bytes.append(UInt8(ascii: ",")) }
        let start = self.bytes.count
        if JSONText.append(key, to: &self.bytes) { self.holdsNull = true }
        let field = JSONField(start: start, keyEnd: self.bytes.count - 1)
        self.bytes.append(UInt8(ascii: ":"))
        if self.frames[frame].count > 0, let last = self.fields.last, !JSONField.ascending(last, field, in: self.bytes)
        {
            self.frames[frame].sorted = false
        }
        self.fields.append(field)
        self.frames[frame].count += 1
    }

    // MARK: The end of a value

    /// The bytes of the whole payload.
    func finish() throws -> [UInt8] {
        try self.close(from: Mark(bytes: 0, fields: 0, frames: 0, spliced: 0, path: self.path.count))
        return self.bytes
    }

    private func close(from mark: Mark) throws {
        guard self.frames.count > self.base, let frame = self.frames.popLast() else {
            // A value that encodes nothing at all is an empty object, as Foundation has it.
            if self.spliced.count > mark.spliced { try self.spliceBytes(from: mark.spliced, fields: mark.fields) }
            if self.bytes.count == mark.bytes { self.bytes.append(contentsOf: [UInt8(ascii: "{"), UInt8(ascii: "}")]) }
            return
        }
        if let problem = frame.problem { throw self.problem(problem) }
        if self.spliced.count > mark.spliced { try self.spliceBytes(from: mark.spliced, fields: mark.fields) }
        if frame.kind == .object {
            if !frame.sorted { JSONField.sort(&self.fields, from: frame.fields, in: &self.bytes) }
            self.fields.removeLast(self.fields.count - frame.fields)
            self.bytes.append(UInt8(ascii: "}"))
        } else {
            self.bytes.append(UInt8(ascii: "]"))
        }
    }

    private func spliceBytes(from first: Int, fields firstField: Int) throws {
        let all = self.spliced[first...]
        self.spliced.removeLast(all.count)
        guard let start = all.first?.offset else { return }
        var rest = [UInt8]()
        var cursor = start
        var field = firstField
        for splice in all {
            rest.append(contentsOf: self.bytes[cursor..<splice.offset])
            cursor = splice.offset
            // Fields that begin behind the previous splice and before this one move by what has been put in so far.
            let shift = start + rest.count - splice.offset
            while field < self.fields.count, self.fields[field].start < splice.offset {
                self.fields[field].move(by: self.fields[field].start < start ? 0 : shift)
                field += 1
            }
            do {
                rest.append(contentsOf: try splice.writer.finish())
            } catch {
                self.failure = splice.writer.failure
                throw error
            }
            self.holdsNull = self.holdsNull || splice.writer.holdsNull
        }
        let shift = start + rest.count - cursor
        while field < self.fields.count {
            self.fields[field].move(by: shift)
            field += 1
        }
        rest.append(contentsOf: self.bytes[cursor...])
        self.bytes.replaceSubrange(start..., with: rest)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The C arrays that libpq wants for a statement's parameters, valid inside the closure only.
struct BoundParameters {
    let count: Int32
    let values: UnsafePointer<UnsafePointer<CChar>?>?
    let lengths: UnsafePointer<Int32>?
    let formats: UnsafePointer<Int32>?

    /// Lays the parameters out on the stack and calls `body`.
    ///
    /// Nothing is copied to the heap, unless there are very many.
    static func with<R>(_ parameters: [Parameter], _ body: (BoundParameters) -> R) -> R {
        let count = parameters.count
        guard count > 0 else { return body(BoundParameters(count: 0, values: nil, lengths: nil, formats: nil)) }
        return withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { values in
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2 * count) { numbers in
                withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count) { words in
                    for index in 0..<count {
                        values.initializeElement(at: index, to: nil)
                        words.initializeElement(at: index, to: 0)
                        numbers.initializeElement(at: index, to: Int32(clamping: parameters[index].count))
                        numbers.initializeElement(at: count + index, to: 1)  // binary
                    }
                    let layout = Layout(values: values, words: words)
                    let lengths = UnsafePointer(numbers.baseAddress)
                    return layout.bind(parameters, from: 0, depth: 0) {
                        body(
                            BoundParameters(
                                count: Int32(clamping: count),
                                values: UnsafePointer(values.baseAddress),
                                lengths: lengths,
                                formats: lengths.map { $0 + count }
                            )
                        )
                    }
                }
            }
        }
    }

    private struct Layout {
        let values: UnsafeMutableBufferPointer<UnsafePointer<CChar>?>
        let words: UnsafeMutableBufferPointer<UInt64>

        /// The pointer of an array or string holds only inside its closure, so each one of them is a level of
        /// recursion.
        ///
        /// Past some depth the bytes are copied instead, so that a statement with thousands of parameters does not use
        /// up the stack.
        func bind<R>(_ parameters: [Parameter], from start: Int, depth: Int, _ body: () -> R) -> R {
            var index = start
            while index < parameters.count {
                let next = index + 1
                switch parameters[index].storage {
                case .null, .invalid: break
                case .inline(let word, _):
                    self.words[index] = word
                    self.values[index] = self.scratch(index)
                case .text(var text):
                    return text.withUTF8 {
                        self.bind(UnsafeRawBufferPointer($0), index, parameters, next, depth, body)
                    }
                case .bytes(let bytes):
                    return bytes.withUnsafeBytes { self.bind($0, index, parameters, next, depth, body) }
                }
                index = next
            }
            return body()
        }

        private func bind<R>(
            _ bytes: UnsafeRawBufferPointer,
            _ index: Int,
            _ parameters: [Parameter],
            _ next: Int,
            _ depth: Int,
            _ body: () -> R
        ) -> R {
            if depth < 64 {
                // An empty value is not NULL: it needs some address.
                self.values[index] = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? self.scratch(index)
                return self.bind(parameters, from: next, depth: depth + 1, body)
            }
            return self.copyRest(parameters, from: index, body)
        }

        private func copyRest<R>(_ parameters: [Parameter], from start: Int, _ body: () -> R) -> R {
            let total = parameters[start...].reduce(0) { $0 + max($1.count, 1) }
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: total, alignment: 1)
            defer { copy.deallocate() }
            var offset = 0
            for index in start..<parameters.count {
                let destination = UnsafeMutableRawBufferPointer(rebasing: copy[offset...])
                switch parameters[index].storage {
                case .null, .invalid: continue
                case .inline(let word, _):
                    self.words[index] = word
                    self.values[index] = self.scratch(index)
                    continue
                case .text(var text): text.withUTF8 { destination.copyMemory(from: UnsafeRawBufferPointer($0)) }
                case .bytes(let bytes): bytes.withUnsafeBytes { destination.copyMemory(from: $0) }
                }
                self.values[index] = UnsafeRawPointer(destination.baseAddress)?.assumingMemoryBound(to: CChar.self)
                offset += max(parameters[index].count, 1)
            }
            return body()
        }

        private func scratch(_ index: Int) -> UnsafePointer<CChar>? {
            self.words.baseAddress.map { UnsafeRawPointer($0 + index).assumingMemoryBound(to: CChar.self) }
        }
    }
}

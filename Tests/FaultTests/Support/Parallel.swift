// SPDX-License-Identifier: Apache-2.0

/// Works on elements, so many at a time, and returns what came of each, in order.
func concurrently<Element: Sendable, Value: Sendable>(
    _ elements: [Element],
    _ limit: Int,
    _ work: @escaping @Sendable (Element) async throws -> Value
) async throws -> [Value] {
    try await withThrowingTaskGroup(of: (Int, Value).self) { group in
        var next = 0
        var values: [Int: Value] = [:]
        func launch() {
            let (index, element) = (next, elements[next])
            next += 1
            group.addTask { (index, try await work(element)) }
        }
        while next < min(limit, elements.count) { launch() }
        while let (index, value) = try await group.next() {
            values[index] = value
            if next < elements.count { launch() }
        }
        return elements.indices.compactMap { values[$0] }
    }
}

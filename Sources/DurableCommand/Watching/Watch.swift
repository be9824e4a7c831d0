// SPDX-License-Identifier: Apache-2.0

/// What has changed between two looks at rows that have a key.
struct Watch: Sendable {
    private var seen: [String: Record] = [:]
    private let key: @Sendable (Record) -> String

    /// - Parameter key: What tells rows apart.
    init(key: @escaping @Sendable (Record) -> String) { self.key = key }

    /// Takes what is there now.
    ///
    /// - Returns: The rows that are new or have changed, in their order; and those that are gone, in the order of their keys.
    mutating func look(_ rows: [Record]) -> (changed: [Record], gone: [Record]) {
        var now: [String: Record] = [:]
        var changed: [Record] = []
        for row in rows {
            let key = self.key(row)
            if self.seen[key] != row { changed.append(row) }
            now[key] = row
        }
        let gone = self.seen.filter { now[$0.key] == nil }.sorted { $0.key < $1.key }.map(\.value)
        self.seen = now
        return (changed, gone)
    }
}

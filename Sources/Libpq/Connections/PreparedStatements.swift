// SPDX-License-Identifier: Apache-2.0

/// What is prepared on one connection, and under which names.
///
/// Pure bookkeeping.
///
/// Texts declared as `StatementText` are kept for the life of the connection; query texts up to a limit, the least recently used
/// leave first. A text is remembered only when the server has confirmed it, and every attempt to prepare one gets a new name: so two
/// requests under way at once cannot disagree about a name.
struct PreparedStatements {
    enum Key: Hashable {
        case text(Int)
        case query(String)
    }

    /// A text that is being prepared by a request under way.
    struct Candidate: Equatable {
        let key: Key
        let name: String
        let types: [PostgresType]
    }

    private struct Entry {
        let name: String
        let types: [PostgresType]
        var lastUse: UInt64
    }

    private var texts: [Int: Entry] = [:]
    private var queries: [String: Entry] = [:]
    private var uses: UInt64 = 0
    private var names: UInt64 = 0
    private let limit: Int
    /// Names that the server still holds and nobody uses any more; to be deallocated when the connection is at rest.
    private(set) var discarded: [String] = []

    init(limit: Int) { self.limit = max(1, limit) }

    /// How many query texts are prepared.
    var queryCount: Int { self.queries.count }

    /// The name under which the text is prepared for parameters of these types, or nil.
    mutating func name(_ source: Statement.Source, _ parameters: [Parameter]) -> String? {
        switch source {
        case .text(let text):
            guard let entry = self.texts[text.id], Self.accepts(entry.types, parameters) else { return nil }
            return entry.name
        case .query(let sql):
            guard let entry = self.queries[sql], Self.accepts(entry.types, parameters) else { return nil }
            self.uses += 1
            self.queries[sql]?.lastUse = self.uses
            return entry.name
        }
    }

    /// A new name for a text that is about to be prepared.
    mutating func candidate(_ source: Statement.Source, _ parameters: [Parameter]) -> Candidate {
        self.names += 1
        let types = parameters.map(\.type)
        switch source {
        case .text(let text):
            return Candidate(
                key: .text(text.id),
                name: "s\(self.names)",
                types: text.types.isEmpty ? types : text.types
            )
        case .query(let sql):
            return Candidate(key: .query(sql), name: "s\(self.names)", types: types)
        }
    }

    /// The server has confirmed it.
    mutating func confirm(_ candidate: Candidate) {
        self.uses += 1
        let entry = Entry(name: candidate.name, types: candidate.types, lastUse: self.uses)
        switch candidate.key {
        case .text(let id):
            if let former = self.texts.updateValue(entry, forKey: id) { self.discarded.append(former.name) }
        case .query(let sql):
            if let former = self.queries.updateValue(entry, forKey: sql) { self.discarded.append(former.name) }
            // The limit is a few hundred, and this runs only when a text is new: a scan is cheaper than keeping an order.
            if self.queries.count > self.limit,
                let oldest = self.queries.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                self.queries[oldest.key] = nil
                self.discarded.append(oldest.value.name)
            }
        }
    }

    /// The server no longer accepts the statement of this name (the table has changed, or somebody deallocated it).
    mutating func forget(_ source: Statement.Source, serverHolds: Bool) {
        let former =
            switch source {
            case .text(let text): self.texts.removeValue(forKey: text.id)
            case .query(let sql): self.queries.removeValue(forKey: sql)
            }
        if serverHolds, let former { self.discarded.append(former.name) }
    }

    /// Takes the names that are to be deallocated.
    mutating func takeDiscarded() -> [String] {
        defer { self.discarded = [] }
        return self.discarded
    }

    static func accepts(_ types: [PostgresType], _ parameters: [Parameter]) -> Bool {
        guard types.count == parameters.count else { return false }
        for index in types.indices {
            let (declared, given) = (types[index], parameters[index].type)
            if declared != given && !(declared.isTextual && given.isTextual) && declared != .inferred
                && given != .inferred
            {
                return false
            }
        }
        return true
    }
}

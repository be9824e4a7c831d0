// SPDX-License-Identifier: Apache-2.0

import Libpq

/// A row with the names of its columns: what the command prints as a line, of a table or of JSON.
struct Record: Hashable, Sendable {
    /// The names of the columns, in their order.
    private(set) var names: [String]
    /// The values, in the same order.
    private(set) var values: [Value]

    /// A record of pairs.
    init(_ pairs: [(String, Value)] = []) {
        self.names = pairs.map(\.0)
        self.values = pairs.map(\.1)
    }

    /// A row of the database.
    init(_ row: Row, _ columns: [Rows.Column]) throws(PostgresError) {
        self.names = columns.map(\.name)
        self.values = []
        for (index, column) in columns.enumerated() { self.values.append(try Value(row, index, column.type)) }
    }

    /// The value of a name; `null` when there is none.
    subscript(name: String) -> Value {
        self.names.firstIndex(of: name).map { self.values[$0] } ?? .null
    }

    /// The same with one more value at its end.
    func with(_ name: String, _ value: Value) -> Record {
        var copy = self
        copy.names.append(name)
        copy.values.append(value)
        return copy
    }

    /// The same without some of its values.
    func without(_ names: Set<String>) -> Record {
        Record(zip(self.names, self.values).filter { !names.contains($0.0) }.map { ($0.0, $0.1) })
    }

    /// All rows of a result.
    static func all(_ rows: Rows) throws(PostgresError) -> [Record] {
        let columns = rows.columns
        var records: [Record] = []
        records.reserveCapacity(rows.count)
        for row in rows { records.append(try Record(row, columns)) }
        return records
    }
}

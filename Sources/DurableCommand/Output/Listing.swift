// SPDX-License-Identifier: Apache-2.0

import Libpq

/// How records become a table: which columns, and how each is read.
struct Listing: Sendable {
    /// A column, and what stands in it for a record.
    struct Column: Sendable {
        let column: Table.Column
        let cell: @Sendable (Record, PostgresTimestamp) -> Table.Cell
    }

    let columns: [Column]

    init(_ columns: [Column]) { self.columns = columns }

    /// The table of some records.
    ///
    /// - Parameter now: The database's time, for relative ones.
    func table(_ records: [Record], now: PostgresTimestamp) -> Table {
        Table(
            columns: self.columns.map(\.column),
            rows: records.map { record in self.columns.map { $0.cell(record, now) } }
        )
    }
}

extension Listing.Column {
    /// A text, or a number as it is.
    static func text(_ title: String, _ name: String, yields: Table.Yielding = .never, optional: Bool = false) -> Self {
        Self(column: Table.Column(title: title, yields: yields, isOptional: optional)) { record, _ in
            Table.Cell(record[name].words)
        }
    }

    /// A number.
    static func number(_ title: String, _ name: String, optional: Bool = false) -> Self {
        Self(column: Table.Column(title: title, alignment: .right, isOptional: optional)) { record, _ in
            Table.Cell(record[name].words)
        }
    }

    /// A state, in its colour.
    static func state(_ title: String, _ name: String) -> Self {
        Self(column: Table.Column(title: title)) { record, _ in
            Table.Cell(record[name].words, tone: Tone(state: record[name].words))
        }
    }

    /// A time as date and time of day.
    static func time(_ title: String, _ name: String, optional: Bool = false) -> Self {
        Self(column: Table.Column(title: title, isOptional: optional)) { record, _ in
            Table.Cell(record[name].time.map { Moment.absolute($0) } ?? "")
        }
    }

    /// A time as how long ago it was, or will be.
    static func age(_ title: String, _ name: String, optional: Bool = false) -> Self {
        Self(column: Table.Column(title: title, alignment: .right, isOptional: optional)) { record, now in
            Table.Cell(record[name].time.map { Moment.relative($0, to: now) } ?? "")
        }
    }

    /// A number of seconds as a span.
    static func span(_ title: String, _ name: String, optional: Bool = false) -> Self {
        Self(column: Table.Column(title: title, alignment: .right, isOptional: optional)) { record, _ in
            Table.Cell(record[name].real.map { Moment.span($0) } ?? "")
        }
    }

    /// Words that are made of several values.
    static func words(
        _ title: String,
        yields: Table.Yielding = .never,
        optional: Bool = false,
        _ words: @escaping @Sendable (Record, PostgresTimestamp) -> String
    ) -> Self {
        Self(column: Table.Column(title: title, yields: yields, isOptional: optional)) { record, now in
            Table.Cell(words(record, now))
        }
    }
}

extension Value {
    /// The value as a person reads it.
    var words: String {
        switch self {
        case .null: ""
        case .text(let text): text
        case .integer(let number): "\(number)"
        case .real(let number): "\(number)"
        case .flag(let flag): flag ? "yes" : "no"
        case .time(let time): Moment.absolute(time)
        case .json(let text): JSONLine.compact(text)
        }
    }
}

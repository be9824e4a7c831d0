// SPDX-License-Identifier: Apache-2.0

import Libpq

/// Rows out of arrays that are parameters, one array for each column and one element of it for each row.
///
/// `SELECT unnest($1) AS w, unnest($2) AS r` takes the arrays' elements as it goes. `FROM unnest($1, $2) AS row (w, r)` says the
/// same, and keeps every array's elements in a store of its own first: with the fourteen of a checkpoint 1 µs a row, a sixth
/// of what its row costs the server.
enum ArrayRows {
    /// The rows as a query.
    ///
    /// - Parameter columns: each column's name, and the number of its parameter.
    static func query(_ columns: KeyValuePairs<String, Int>) -> String {
        "SELECT " + columns.map { "unnest($\($0.value)) AS \($0.key)" }.joined(separator: ", ")
    }

    /// The rows as a table to read from, by the name of `row`.
    static func table(_ columns: KeyValuePairs<String, Int>) -> String {
        "(\(Self.query(columns))) AS row"
    }

    /// The arrays, those of columns without a value empty: for what an array lacks beside a longer one the row has NULL, and
    /// that costs nothing.
    ///
    /// - Parameter columns: at least one of them has no NULL at its end.
    static func parameters(_ columns: [ArrayColumn]) -> [Parameter] {
        columns.map(\.trimmedParameter)
    }
}

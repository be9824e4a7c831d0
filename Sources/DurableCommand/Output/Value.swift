// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

import Libpq

/// A value of a row, as far as the command tells values apart.
enum Value: Hashable, Sendable {
    case null
    case text(String)
    case integer(Int64)
    case real(Double)
    case flag(Bool)
    case time(PostgresTimestamp)
    /// A document, as its exact text.
    case json(String)
}

extension Value {
    /// Reads a column.
    init(_ row: Row, _ column: Int, _ type: PostgresType) throws(PostgresError) {
        guard !row.isNull(column) else {
            self = .null
            return
        }
        self =
            switch type {
            case .bool: .flag(try row.decode(column))
            case .int2: .integer(Int64(try row.decode(column, as: Int16.self)))
            case .int4: .integer(Int64(try row.decode(column, as: Int32.self)))
            case .int8: .integer(try row.decode(column))
            // By way of the text: 0.1 stays 0.1, and is not 0.10000000149.
            case .float4: .real(Double("\(try row.decode(column, as: Float.self))") ?? .nan)
            case .float8: .real(try row.decode(column))
            case .timestamptz: .time(try row.decode(column))
            case .uuid: .text(try row.decode(column, as: UUID.self).uuidString.lowercased())
            case .json, .jsonb: .json(try row.decode(column))
            default: .text(try row.decode(column))
            }
    }

    /// The text of a textual value.
    var text: String? {
        switch self {
        case .text(let text), .json(let text): text
        default: nil
        }
    }

    /// The number of a whole one.
    var integer: Int64? {
        guard case .integer(let number) = self else { return nil }
        return number
    }

    /// The number, whole or not.
    var real: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .real(let number): number
        default: nil
        }
    }

    /// The time of a time.
    var time: PostgresTimestamp? {
        guard case .time(let time) = self else { return nil }
        return time
    }

    /// Whether it is NULL.
    var isNull: Bool { self == .null }
}

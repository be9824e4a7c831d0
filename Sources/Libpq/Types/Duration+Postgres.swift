// SPDX-License-Identifier: Apache-2.0

extension Duration: PostgresEncodable, PostgresDecodable {
    private static let attosecondsPerMicrosecond: Int64 = 1_000_000_000_000
    private static let microsecondsPerDay: Int64 = 86_400_000_000

    /// `interval`.
    public static var postgresType: PostgresType { .interval }

    /// Appends the duration as microseconds, without days and months, rounded towards zero.
    public func encode(into bytes: inout [UInt8]) throws {
        let (seconds, attoseconds) = self.components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, sumOverflow) = product.addingReportingOverflow(attoseconds / Self.attosecondsPerMicrosecond)
        guard !overflow, !sumOverflow else {
            throw PostgresError(.encoding, "the duration is longer than an interval can hold")
        }
        sum.appendBigEndian(to: &bytes)
        Int32(0).appendBigEndian(to: &bytes)
        Int32(0).appendBigEndian(to: &bytes)
    }

    /// Reads an `interval`, a day as 24 hours.
    ///
    /// One with months has no fixed length and is an error.
    public static func decode(_ value: PostgresValue) throws -> Duration {
        guard value.type == .interval else { throw value.mismatch(Duration.self) }
        let microseconds = try value.integer(Int64.self)
        let days = Int64(try value.integer(Int32.self, at: 8))
        let months = try value.integer(Int32.self, at: 12)
        guard months == 0 else {
            throw PostgresError(
                .decoding,
                "the interval has \(months) months, which have no fixed length; convert it in SQL"
            )
        }
        return .microseconds(microseconds) + .microseconds(Self.microsecondsPerDay) * days
    }
}

// SPDX-License-Identifier: Apache-2.0

/// How one child of a group ended, as the journal keeps it.
struct ChildEnd: Codable, Sendable {
    /// Whether it succeeded.
    var ok: Bool
    /// What it returned, as JSON text; nil for nothing.
    var value: String?
    /// What it failed with, as it stands in its outcome.
    var error: String?

    /// About how many bytes it takes.
    var size: Int { 40 + (self.value?.utf8.count ?? 0) + (self.error?.utf8.count ?? 0) }

    func result<Value: Decodable>(
        as type: Value.Type,
        declared: [any (Error & Codable & Sendable).Type],
        coder: PayloadCoder
    ) throws -> Result<Value, any Error> {
        guard !self.ok else {
            return .success(try coder.decode(type, from: self.value.map { [UInt8]($0.utf8) }))
        }
        let recorded = try RecordedError(decoding: [UInt8]((self.error ?? "{}").utf8), by: coder)
        return .failure(try recorded.thrown(declared: declared, coder: coder))
    }
}

/// The end of a group of children: its results stand in the notes of the same place.
struct ChildGroupEnd: Codable, Sendable {
    /// How many children there were.
    var count: Int
    /// How many of them failed or were cancelled.
    var failed: Int
    /// How many notes hold the results.
    var parts: Int
}

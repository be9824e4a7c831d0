// SPDX-License-Identifier: Apache-2.0

/// One text for all JSON texts that mean the same: what two callers sent as the input of one id is compared with it.
///
/// Keys are sorted (of two equal ones the last counts, as Postgres has it), numbers are exact decimals without superfluous digits
/// (`1`, `1.0` and `1e0` are equal, as are `0` and `-0`), white space and escapes are normalised.
package enum CanonicalJSON {
    /// The canonical text.
    ///
    /// An envelope of `PayloadCoder` is opened first.
    ///
    /// - Throws: `DurableError.undecodable` if the text is no JSON, or is nested more than 512 levels deep.
    package static func canonical(_ json: [UInt8]) throws -> [UInt8] {
        guard let text = PayloadEnvelope.open(json) else {
            throw DurableError(.undecodable, "A recorded value is damaged: its envelope cannot be opened.")
        }
        var canonicalizer = JSONCanonicalizer(text)
        return try canonicalizer.run()
    }

    /// Whether two payloads, as they are stored (nil is SQL NULL), mean the same.
    ///
    /// - Throws: `DurableError.undecodable` if one of them is no JSON.
    package static func equal(_ first: [UInt8]?, _ second: [UInt8]?) throws -> Bool {
        if first == second { return true }
        guard let first, let second else { return false }
        return try self.canonical(first) == self.canonical(second)
    }
}

// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// How a JSON text is stored that Postgres could not read field by field.
///
/// Postgres takes `\u0000` in a `json` column but refuses `->>` on any document that holds it, so one such string would make a whole
/// view unreadable. Such a text is stored as `{"$durable":"base64","value":"…"}`. A document of the user's own that begins like
/// this envelope is put into one too, so whatever begins so was written here, and every text comes back exact.
enum PayloadEnvelope {
    private static let opening = [UInt8](#"{"$durable":"base64","value":""#.utf8)
    private static let reserved = [UInt8](#"{"$durable":"#.utf8)
    private static let closing = [UInt8](#""}"#.utf8)

    /// The text as it is stored: as it is, or in an envelope.
    static func seal(_ json: consuming [UInt8], holdsNull: Bool) -> [UInt8] {
        guard holdsNull || json.starts(with: self.reserved) else { return json }
        return self.opening + Data(json).base64EncodedData() + self.closing
    }

    /// The text that was sealed, or nil if an envelope is damaged.
    static func open(_ stored: [UInt8]) -> [UInt8]? {
        guard stored.starts(with: self.opening) else { return stored }
        guard stored.count >= self.opening.count + self.closing.count, stored.suffix(2).elementsEqual(self.closing)
        else {
            return nil
        }
        return Data(base64Encoded: Data(stored[self.opening.count..<stored.count - 2])).map { [UInt8]($0) }
    }
}

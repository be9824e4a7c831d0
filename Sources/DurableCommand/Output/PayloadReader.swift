// SPDX-License-Identifier: Apache-2.0

import Durable

/// Reads payloads that are encoded, where the program was given the codecs of the service.
struct PayloadReader {
    /// The codecs of the service; nil where the program has none.
    @TaskLocal static var codecs: PayloadCodecs?

    /// How payloads that could not be read are encoded, and why they could not.
    private(set) var unread: [String] = []

    /// A payload as it stands in the database, made clear where that is possible.
    mutating func clear(_ stored: String) -> String {
        guard let words = Self.encoding(of: stored) else { return stored }
        guard let codecs = Self.codecs else {
            self.note("payloads are encoded by \(words), and this program has no codecs")
            return stored
        }
        do {
            return try codecs.decode(stored)
        } catch {
            self.note((error as? DurableError)?.message ?? "payloads are encoded by \(words)")
            return stored
        }
    }

    /// The same for a value of a row.
    mutating func clear(_ value: Value) -> Value {
        guard case .json(let stored) = value else { return value }
        return .json(self.clear(stored))
    }

    /// The same for every payload that is a text within a document.
    mutating func clear(document: String) -> String {
        var reader = self
        let text = document.replacing(Self.quoted) { match in
            let stored = #"{"$durable":"encoded","by":"\#(match.1)","value":"\#(match.2)"}"#
            return JSONLine.string(reader.clear(stored))
        }
        self = reader
        return text
    }

    /// Says what could not be read, and how it can be.
    func report(to terminal: Terminal) {
        for words in self.unread {
            let sentence = words.hasSuffix(".") ? String(words.dropLast()) : words
            terminal.remark(
                "\(Printable.text(sentence)): a program of the service that calls DurableCommand.main(codecs:) with its codecs reads them"
            )
        }
    }

    private mutating func note(_ words: String) {
        if !self.unread.contains(words) { self.unread.append(words) }
    }

    /// The codecs and keys of an encoded payload; nil for one that is plain.
    private static func encoding(of stored: String) -> String? {
        stored.prefixMatch(of: #/\{"\$durable":"encoded","by":"([^"\\]*)"/#).map { String($0.1) }
    }

    /// An encoded payload as a text of JSON.
    private static var quoted: Regex<(Substring, Substring, Substring)> {
        #/"\{\\"\$durable\\":\\"encoded\\",\\"by\\":\\"([^"\\]*)\\",\\"value\\":\\"([A-Za-z0-9+\/=]*)\\"\}"/#
    }
}

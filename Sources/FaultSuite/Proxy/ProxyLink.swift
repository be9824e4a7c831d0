// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One connection that passes through the proxy; only its thread touches it.
final class ProxyLink {
    /// Bytes that were read from one side.
    struct Piece {
        var bytes: [UInt8]
        var isFromClient: Bool
        /// Whether the connection has been set up before.
        var isGreeted: Bool

        /// Statements on their way to the server.
        var isRequest: Bool { self.isFromClient && self.isGreeted && self.bytes.count > 24 }

        /// An answer that ends in no transaction and tells that something was written: the commit is behind it.
        var isCommitReply: Bool { self.isReply(to: ["COMMIT\0", "INSERT 0 ", "UPDATE ", "DELETE "]) }

        /// The same, of a batch by which a run gives its workflow back.
        ///
        /// Its fence has answered, it has changed rows, and nobody has said COMMIT.
        var isReleaseReply: Bool {
            self.isReply(to: (1...9).map { "UPDATE \($0)\0" }) && self.contains("SELECT 1\0")
                && !self.contains("COMMIT\0")
        }

        private func isReply(to tags: [String]) -> Bool {
            guard !self.isFromClient, self.isGreeted else { return false }
            guard self.bytes.suffix(6).elementsEqual([UInt8(ascii: "Z"), 0, 0, 0, 5, UInt8(ascii: "I")]) else {
                return false
            }
            return tags.contains { self.contains($0) }
        }

        private func contains(_ text: String) -> Bool {
            let words = Array(text.utf8)
            guard self.bytes.count >= words.count else { return false }
            return (0...(self.bytes.count - words.count)).contains { start in
                self.bytes[start] == words[0] && self.bytes[start..<(start + words.count)].elementsEqual(words)
            }
        }
    }

    /// Bytes on their way to one side, each piece with the time from which on it may pass.
    private struct Queue {
        var pieces: [(from: ContinuousClock.Instant, bytes: ArraySlice<UInt8>)] = []

        var isDue: Bool { self.pieces.first.map { $0.from <= .now } ?? false }
    }

    private let client: Int32
    private let server: Int32
    private var toServer = Queue()
    private var toClient = Queue()
    private var isGreeted = false
    private(set) var isClosed = false

    init(client: Int32, server: Int32) {
        self.client = client
        self.server = server
    }

    func close() {
        guard !self.isClosed else { return }
        self.isClosed = true
        _ = Foundation.close(self.client)
        _ = Foundation.close(self.server)
    }

    /// What is to be waited for.
    func interests(isOpen: Bool) -> [pollfd] {
        guard isOpen, !self.isClosed else { return [] }
        let toClient = Int16(POLLIN) | (self.toClient.isDue ? Int16(POLLOUT) : 0)
        let toServer = Int16(POLLIN) | (self.toServer.isDue ? Int16(POLLOUT) : 0)
        return [
            pollfd(fd: self.client, events: toClient, revents: 0),
            pollfd(fd: self.server, events: toServer, revents: 0),
        ]
    }

    /// Passes on what there is.
    ///
    /// - Returns: False when the connection has ended, or was cut.
    func pump(delay: Int, cut: (Piece) -> Bool) -> Bool {
        guard !self.isClosed else { return false }
        for isFromClient in [true, false] {
            let (from, to) = isFromClient ? (self.client, self.server) : (self.server, self.client)
            var isAtEnd = false
            while let bytes = UnixSocket.read(from) {
                if bytes.isEmpty {
                    isAtEnd = true
                    break
                }
                let piece = Piece(bytes: bytes, isFromClient: isFromClient, isGreeted: self.isGreeted)
                let isCut = cut(piece)
                if !isFromClient { self.isGreeted = self.isGreeted || bytes.contains(UInt8(ascii: "Z")) }
                if isCut {
                    // Of a request the first half passes, of a reply nothing.
                    if isFromClient { _ = UnixSocket.write(bytes[..<(bytes.count / 2)], to: to) }
                    return false
                }
                let due = ContinuousClock.now + .milliseconds(delay)
                if isFromClient {
                    self.toServer.pieces.append((due, bytes[...]))
                } else {
                    self.toClient.pieces.append((due, bytes[...]))
                }
            }
            let isSent =
                isFromClient
                ? Self.flush(&self.toServer, to: to, isLast: isAtEnd)
                : Self.flush(&self.toClient, to: to, isLast: isAtEnd)
            if isAtEnd || !isSent { return false }
        }
        return true
    }

    private static func flush(_ queue: inout Queue, to descriptor: Int32, isLast: Bool) -> Bool {
        while let piece = queue.pieces.first, isLast || piece.from <= .now {
            let count = UnixSocket.write(piece.bytes, to: descriptor)
            if count < 0 { return false }
            if count < piece.bytes.count {
                queue.pieces[0].bytes = piece.bytes.dropFirst(count)
                return true
            }
            queue.pieces.removeFirst()
        }
        return true
    }
}

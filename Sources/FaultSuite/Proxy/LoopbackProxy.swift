// SPDX-License-Identifier: Apache-2.0

import FaultProcesses
import Foundation
import Synchronization

/// Stands between the workers and their server, and passes bytes on as a bad network would.
///
/// One thread and no knowledge of who talks. Ends with `stop()`, or with the process.
final class LoopbackProxy: Sendable {
    /// What happens to what passes.
    enum Weather: Sendable, Equatable {
        case fair
        /// Every piece is late by up to so many milliseconds.
        case slow(milliseconds: Int)
        /// Nothing passes, and nobody is told.
        case blackHole
    }

    /// A cut that waits for its moment.
    enum Cut: Sendable, CaseIterable {
        /// When a commit by which a run gives its workflow back has been answered, before a byte of the answer has passed.
        case afterRelease
        /// The same, of any commit.
        case afterCommit
        /// When half of the next request has passed.
        case midStatement

        /// Whether this is its moment.
        fileprivate func fits(_ piece: ProxyLink.Piece) -> Bool {
            switch self {
            case .afterRelease: piece.isReleaseReply
            case .afterCommit: piece.isCommitReply
            case .midStatement: piece.isRequest
            }
        }
    }

    private struct State {
        var weather = Weather.fair
        /// Several wait side by side, one of each kind.
        var armed: Set<Cut> = []
        /// How many were made.
        var made: [Cut: Int] = [:]
        var closesAll = false
        var isStopped = false
        /// Until when nobody new is let in.
        var isDeafUntil = ContinuousClock.now
    }

    let folder: String
    /// The number in the name of its socket.
    static let port = 6543
    private let target: String
    private let listener: Int32
    private let state = Mutex(State())

    /// Listens in a folder.
    ///
    /// - Parameter target: the path of the server's socket.
    init(folder: String, target: String) throws {
        self.folder = folder
        self.target = target
        self.listener = try UnixSocket.listen("\(folder)/.s.PGSQL.\(Self.port)")
        Thread.detachNewThread { self.run() }
    }

    func set(_ weather: Weather) { self.state.withLock { $0.weather = weather } }

    /// Closes every connection.
    func closeAll() { self.state.withLock { $0.closesAll = true } }

    /// Makes a cut at the next moment of its kind.
    func arm(_ cut: Cut) { _ = self.state.withLock { $0.armed.insert(cut) } }

    /// Gives a cut up that has not come to pass.
    func disarm(_ cut: Cut) { _ = self.state.withLock { $0.armed.remove(cut) } }

    /// How many cuts of a kind were made.
    func made(_ cut: Cut) -> Int { self.state.withLock { $0.made[cut, default: 0] } }

    /// Lets nobody new in for a while: who was cut off comes back late.
    func shutDoor(for time: Duration) { self.state.withLock { $0.isDeafUntil = .now + time } }

    func stop() { self.state.withLock { $0.isStopped = true } }

    // MARK: - The thread

    private func run() {
        var links: [ProxyLink] = []
        var random = SplitMix(seed: UInt64(bitPattern: System.now()))
        while true {
            let state = self.state.withLock { state in
                defer { state.closesAll = false }
                return state
            }
            if state.closesAll || state.isStopped {
                for link in links { link.close() }
                links = []
            }
            if state.isStopped {
                close(self.listener)
                unlink("\(self.folder)/.s.PGSQL.\(Self.port)")
                return
            }
            let isOpen = state.weather != .blackHole
            let listens = state.isDeafUntil <= .now ? Int16(POLLIN) : 0
            var entries = [pollfd(fd: self.listener, events: listens, revents: 0)]
            for link in links { entries += link.interests(isOpen: isOpen) }
            poll(&entries, nfds_t(entries.count), 5)
            if entries[0].revents & Int16(POLLIN) != 0, let client = UnixSocket.accept(self.listener) {
                if let server = UnixSocket.connect(self.target) {
                    links.append(ProxyLink(client: client, server: server))
                } else {
                    close(client)
                }
            }
            guard isOpen else { continue }
            var delay = 0
            if case .slow(let milliseconds) = state.weather { delay = random.pick(1...milliseconds) }
            for link in links {
                guard link.pump(delay: delay, cut: { self.cut($0, link) }) else {
                    link.close()
                    continue
                }
            }
            links.removeAll { $0.isClosed }
        }
    }

    /// Whether the connection is cut at this piece.
    private func cut(_ piece: ProxyLink.Piece, _ link: ProxyLink) -> Bool {
        self.state.withLock { state in
            // The rarest moment first: what fits it fits others as well.
            guard let cut = Cut.allCases.first(where: { state.armed.contains($0) && $0.fits(piece) }) else {
                return false
            }
            state.armed.remove(cut)
            state.made[cut, default: 0] += 1
            return true
        }
    }
}

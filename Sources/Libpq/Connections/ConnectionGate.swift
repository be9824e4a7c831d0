// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Cuts every connection that was opened through it, at once and for good: what the death of a process does to its sockets.
///
/// For tests of crashes. Give it to a configuration; until it is closed it costs one look per connection that is opened.
package final class ConnectionGate: Sendable {
    private struct Guest {
        weak var core: ConnectionCore?
    }

    private struct State {
        var isClosed = false
        var guests: [Guest] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Whether nothing gets through any more.
    package var isClosed: Bool { self.state.withLock { $0.isClosed } }

    /// Closes every connection, and lets none be opened from now on.
    ///
    /// What has been sent may still take effect, and nobody is told.
    package func close() {
        let guests = self.state.withLock { state in
            state.isClosed = true
            defer { state.guests = [] }
            return state.guests
        }
        for guest in guests { guest.core?.close(Self.words) }
    }

    /// Notes a new connection, or closes it when it comes too late.
    func admit(_ core: ConnectionCore) {
        let isLate = self.state.withLock { state in
            if state.isClosed { return true }
            state.guests.removeAll { $0.core == nil }
            state.guests.append(Guest(core: core))
            return false
        }
        if isLate { core.close(Self.words) }
    }

    static let words = "the process has crashed, as far as this connection is concerned"
}

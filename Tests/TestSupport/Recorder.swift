// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Collects what callbacks report, from any thread.
package final class Recorder<Event: Sendable>: Sendable {
    private let events = Mutex<[Event]>([])

    package init() {}

    package func record(_ event: Event) { self.events.withLock { $0.append(event) } }

    package var all: [Event] { self.events.withLock { $0 } }
}

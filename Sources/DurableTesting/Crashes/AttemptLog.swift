// SPDX-License-Identifier: Apache-2.0

import Durable
import Synchronization

/// Counts which attempts of which steps have begun.
final class AttemptLog: Sendable {
    struct Attempt: Sendable, Hashable {
        var place: Place
        var number: Int
    }

    private let counts = Mutex<[Attempt: Int]>([:])
    private let labels = Mutex<[Place: String]>([:])

    func note(_ sight: AttemptSight) {
        self.counts.withLock { $0[Attempt(place: sight.place, number: sight.attempt), default: 0] += 1 }
        self.labels.withLock { $0[sight.place] = "\(sight.kind.word) \"\(sight.label)\"" }
    }

    /// The steps at some places that have begun, in words.
    func labels(of places: Set<Place>) -> [String] {
        self.labels.withLock { $0.filter { places.contains($0.key) }.map(\.value).sorted() }
    }

    /// What has begun, and how often.
    var all: [Attempt: Int] { self.counts.withLock { $0 } }
}

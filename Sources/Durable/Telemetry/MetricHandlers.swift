// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What is measured under names that only the running program knows: made once per name, and not for more names than a
/// program has.
///
/// Beyond the limit everything counts under one name, so that an id that was put into a name cannot flood the backend.
final class MetricHandlers<Handler: Sendable>: Sendable {
    /// What is beyond the limit is counted here.
    static var rest: String { "other" }

    private let limit: Int
    private let make: @Sendable (String) -> Handler
    private let handlers = Mutex<[String: Handler]>([:])

    init(limit: Int = 1_000, make: @escaping @Sendable (String) -> Handler) {
        self.limit = limit
        self.make = make
    }

    subscript(name: String) -> Handler {
        self.handlers.withLock { handlers in
            if let handler = handlers[name] { return handler }
            let name = handlers.count < self.limit ? name : Self.rest
            if let handler = handlers[name] { return handler }
            let handler = self.make(name)
            handlers[name] = handler
            return handler
        }
    }
}

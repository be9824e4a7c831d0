// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A value that several tasks change.
final class Protected<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    init(_ value: Value) { self.mutex = Mutex(value) }

    @discardableResult
    func withLock<R: Sendable>(_ body: @Sendable (inout Value) throws -> R) rethrows -> R {
        try self.mutex.withLock { try body(&$0) }
    }
}

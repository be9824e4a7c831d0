// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The values of the branches of one group, each written by its own branch.
final class BranchResults<Value: Sendable>: Sendable {
    private let values: Mutex<[Value?]>

    init(count: Int) {
        self.values = Mutex(Array(repeating: nil, count: count))
    }

    /// The value of a branch, if it has returned.
    subscript(branch: Int) -> Value? { self.values.withLock { $0[branch] } }

    func set(_ value: Value, for branch: Int) { self.values.withLock { $0[branch] = value } }
}

/// The value of the one branch that writes it.
final class BranchResult<Value: Sendable>: Sendable {
    private let storage = Mutex<Value?>(nil)

    func set(_ value: Value) { self.storage.withLock { $0 = value } }

    /// The value.
    ///
    /// - Throws: `WorkflowInterruption` when the branch has returned none, which a complete group rules out.
    func take() throws -> Value {
        guard let value = self.storage.withLock({ $0 }) else { throw WorkflowInterruption(.decided) }
        return value
    }
}

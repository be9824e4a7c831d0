// SPDX-License-Identifier: Apache-2.0

import Libpq

extension WorkflowOperations {
    /// How each queue stands, in the order of their names.
    public func queues() async throws -> [QueueStatus] {
        try await self.call(self.statements.queues.list, []).map { row in
            QueueStatus(
                name: try row.decode(0, as: String.self),
                queued: Int(try row.decode(1, as: Int64.self)),
                delayed: Int(try row.decode(2, as: Int64.self)),
                running: Int(try row.decode(3, as: Int64.self)),
                waiting: Int(try row.decode(4, as: Int64.self)),
                paused: Int(try row.decode(5, as: Int64.self)),
                concurrency: try row.decode(6, as: Int32?.self).map { Int($0) },
                concurrencyPerProcess: try row.decode(7, as: Int32?.self).map { Int($0) },
                oldestDueAt: row.microseconds(8).map { DatabaseTime.date($0) }
            )
        }
    }

    /// Sets both limits of a queue, and makes it if there is none.
    ///
    /// They count from the next claim of each process on, and before what processes declare, until ``resetQueue(_:reason:)``. What runs now runs on.
    ///
    /// - Parameters:
    ///   - name: The queue, 1 to 128 bytes.
    ///   - concurrency: How many of its workflows run at once in all processes together; 0: nothing of it starts; nil: any number.
    ///   - concurrencyPerProcess: How many of its workflows run at once in each process; 0: nothing of it starts; nil: any number.
    ///   - reason: Why, for the audit.
    public func setQueue(
        _ name: String,
        concurrency: Int?,
        concurrencyPerProcess: Int? = nil,
        reason: String? = nil
    ) async throws {
        let parameters = [
            Parameter(name), Parameter(concurrency.map { Int32(clamping: $0) }),
            Parameter(concurrencyPerProcess.map { Int32(clamping: $0) }), Parameter(reason),
        ]
        _ = try await self.call(self.statements.queues.set, parameters)
    }

    /// Gives a queue's limits back to the code: they stay as they are until a process that declares the queue starts.
    ///
    /// - Parameters:
    ///   - name: The queue.
    ///   - reason: Why, for the audit.
    /// - Returns: Whether a person had set them.
    @discardableResult
    public func resetQueue(_ name: String, reason: String? = nil) async throws -> Bool {
        try await self.call(self.statements.queues.reset, [Parameter(name), Parameter(reason)])[0].decode(
            0,
            as: Bool.self
        )
    }
}

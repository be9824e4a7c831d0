// SPDX-License-Identifier: Apache-2.0

import Durable

/// What the programs and the outside call each other by.
enum Talk {
    /// The queue that programs are put into; its limits are few, so that there is always something that waits.
    static let queue = WorkflowQueue("narrow", concurrency: 5, concurrencyPerProcess: 3)

    /// An event that one workflow waits for.
    static let event = Event<Int>("news")

    static func eventKey(_ workflow: String, _ name: String) -> String { "\(workflow) \(name)" }

    static func update(_ name: String) -> Update<Int, Answer> { Update(name) }

    /// The caller's id of the nth request of a name.
    static func requestID(_ name: String, _ number: Int) -> String { "\(name)#\(number)" }

    /// The id of a program that a transaction puts into a queue.
    static func enqueuedID(_ workflow: String, _ name: String, _ index: Int) -> String {
        "\(workflow)+\(name)-\(index)"
    }

    /// Whether a poll has seen what it waits for.
    static func isRight(_ value: Int64) -> Bool { value.isMultiple(of: 3) }

    /// How an update is answered.
    struct Answer: Codable, Sendable, Hashable {
        /// The request.
        var request: Int
        /// What its transaction wrote.
        var value: Int64
    }
}

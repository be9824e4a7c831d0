// SPDX-License-Identifier: Apache-2.0

/// What the programs are made of; each is in one of twenty programs or more.
enum Operator: String, Codable, Sendable, CaseIterable, Comparable {
    case step, flakyStep, failingStep, slowStep, transaction, failingTransaction, sleep, signal, token, child,
        detachedChild, parallel, map, race, saga, failingSaga, undo, nested, failure, cancellation, pause, poll,
        publish, event, ownEvent, update, stream, stepStream, continuation, queued, enqueue, bulk, childGroup

    /// Whether it holds other operations.
    var isGroup: Bool {
        switch self {
        case .child, .detachedChild, .childGroup, .parallel, .map, .race, .saga, .failingSaga: true
        default: false
        }
    }

    static func < (left: Operator, right: Operator) -> Bool { left.rawValue < right.rawValue }
}

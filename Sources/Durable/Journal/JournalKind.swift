// SPDX-License-Identifier: Apache-2.0

/// What kind of call a journal row records.
///
/// The numbers are the column `journal.kind` and never change their meaning.
package enum JournalKind: Int16, Sendable, CaseIterable {
    /// Written by newer code.
    case unknown = 0
    case step = 1
    case transaction = 2
    case sleep = 3
    case join = 4
    case scope = 5
    case patch = 6
    case receive = 7
    case child = 8
    case signal = 9
    case token = 10
    case event = 11
    case publish = 12
    case update = 13
    case stream = 14
    case poll = 15
    case continuation = 16

    /// The word that people read in views and messages.
    package var word: String {
        switch self {
        case .unknown: "a call that newer code makes,"
        case .step: "step"
        case .transaction: "transaction"
        case .sleep: "sleep"
        case .join: "join"
        case .scope: "scope"
        case .patch: "patch"
        case .receive: "receive"
        case .child: "child"
        case .signal: "signal"
        case .token: "token"
        case .event: "event"
        case .publish: "publish"
        case .update: "update"
        case .poll: "poll"
        case .continuation: "continuation"
        case .stream: "stream"
        }
    }

    /// What a name of such a call is checked as.
    var named: NamedKind {
        switch self {
        case .transaction: .transaction
        case .sleep: .sleep
        case .join: .group
        case .scope: .scope
        case .patch: .patch
        case .receive, .signal: .signal
        case .token: .token
        case .event: .event
        case .publish: .value
        case .update: .update
        case .stream: .stream
        case .step, .child, .poll, .continuation, .unknown: .step
        }
    }

    /// The kind of a row that was read.
    package init(recorded number: Int16) { self = JournalKind(rawValue: number) ?? .unknown }
}

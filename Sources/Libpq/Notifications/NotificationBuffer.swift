// SPDX-License-Identifier: Apache-2.0

import DequeModule
import Synchronization

/// Holds the notifications of one listener until they are read.
///
/// A payload that still waits is not stored a second time.
final class NotificationBuffer: Sendable {
    typealias Item = Result<PostgresNotification?, PostgresError>

    private struct State {
        var waiting: Deque<PostgresNotification> = []
        var payloads: Set<String> = []
        /// Set when no more will come: the reason, or nil inside for a normal end.
        var end: PostgresError??
        var reader: CheckedContinuation<Item, Never>?
        var isListening = false
        var starters: [CheckedContinuation<Result<Void, PostgresError>, Never>] = []
    }

    private let state = Mutex(State())

    func append(_ notification: PostgresNotification) {
        let reader = self.state.withLock { state -> CheckedContinuation<Item, Never>? in
            guard state.end == nil else { return nil }
            if let reader = state.reader {
                state.reader = nil
                return reader
            }
            if state.payloads.insert(notification.payload).inserted { state.waiting.append(notification) }
            return nil
        }
        reader?.resume(returning: .success(notification))
    }

    /// The first end counts.
    func finish(_ error: PostgresError?) {
        let (reader, starters) = self.state.withLock { state in
            if state.end == nil { state.end = .some(error) }
            defer {
                state.reader = nil
                state.starters = []
            }
            return (state.reader, state.starters)
        }
        let reason = error ?? PostgresError(.connectionClosed, "listening has ended")
        for starter in starters { starter.resume(returning: .failure(reason)) }
        reader?.resume(returning: error.map { .failure($0) } ?? .success(nil))
    }

    /// Answers the reader at once, or keeps it until something comes.
    ///
    /// One reader at a time; a second one ends the first.
    func read(_ continuation: CheckedContinuation<Item, Never>) {
        let (item, former) = self.state.withLock { state -> (Item?, CheckedContinuation<Item, Never>?) in
            if let next = state.waiting.popFirst() {
                state.payloads.remove(next.payload)
                return (.success(next), nil)
            }
            if let end = state.end { return (end.map { .failure($0) } ?? .success(nil), nil) }
            defer { state.reader = continuation }
            return (nil, state.reader)
        }
        former?.resume(returning: .success(nil))
        if let item { continuation.resume(returning: item) }
    }

    /// The server has confirmed the `LISTEN`.
    func listening() {
        let starters = self.state.withLock { state in
            state.isListening = true
            defer { state.starters = [] }
            return state.starters
        }
        for starter in starters { starter.resume(returning: .success(())) }
    }

    func waitUntilListening(_ continuation: CheckedContinuation<Result<Void, PostgresError>, Never>) {
        let result = self.state.withLock { state -> Result<Void, PostgresError>? in
            if let end = state.end {
                return .failure(end ?? PostgresError(.connectionClosed, "listening has ended"))
            }
            if state.isListening { return .success(()) }
            state.starters.append(continuation)
            return nil
        }
        if let result { continuation.resume(returning: result) }
    }

    /// Ends the wait of the current reader with nothing.
    func cancelReader() {
        let reader = self.state.withLock { state in
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: .success(nil))
    }
}

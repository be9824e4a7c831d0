// SPDX-License-Identifier: Apache-2.0

/// What a socket is ready for, or what one waits for.
///
/// An error or a hang-up counts as readable: reading tells which.
struct Readiness: OptionSet, Sendable {
    let rawValue: UInt8

    static let read = Readiness(rawValue: 1)
    static let write = Readiness(rawValue: 2)
}

/// Something that owns a socket and is told on the poller's thread when it is ready.
protocol PollerSource: AnyObject, Sendable {
    func ready(_ readiness: Readiness)
}

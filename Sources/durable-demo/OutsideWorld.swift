// SPDX-License-Identifier: Apache-2.0

// Stand-ins for services elsewhere. Each prints what it does, so that one sees which process did it: replay prints nothing.

/// Takes payments; it is down for the first two attempts.
struct PaymentService: Sendable {
    struct Unavailable: Error, CustomStringConvertible {
        var description: String { "the payment service does not answer" }
    }

    func charge(_ cents: Int, attempt: Int, key: String) async throws -> String {
        guard attempt > 2 else {
            say("charge, attempt \(attempt): the payment service does not answer")
            throw Unavailable()
        }
        say("charge, attempt \(attempt): took \(cents) cents under the idempotency key \(key)")
        return "charge-\(key)"
    }

    /// Gives back a charge; nil where nobody knows whether there was one, and the service looks by itself.
    func refund(_ charge: String?, key: String) async throws {
        say("undo charge: refunded \(charge ?? "whatever was taken") under the idempotency key \(key)")
    }
}

/// Sends mail.
struct Mailer: Sendable {
    func confirm(_ order: Order, key: String) async throws -> String {
        say("email: sent the confirmation of order \(order.id)")
        return "mail-\(key)"
    }
}

/// Prints shipping labels, unless it is stuck.
struct LabelPrinter: Sendable {
    let isStuck: Bool

    func label(_ order: Order, key: String) async throws -> String {
        if self.isStuck {
            say("label: began, and the printer is stuck")
            try await Task.sleep(for: .seconds(3600))
        }
        say("label: printed under the idempotency key \(key)")
        return "label-\(key)"
    }
}

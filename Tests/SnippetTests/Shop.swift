// SPDX-License-Identifier: Apache-2.0

// What the snippets of the documentation work with.

struct Order: Codable, Sendable {
    var id = "1001"
    var sku = "teapot"
    var totalInCents = 4_900
    var lines = ["teapot"]
}

struct Receipt: Codable, Sendable, Equatable {
    var charge: String
    var email: String
    var label: String
}

struct PaymentsClient: Sendable {
    func charge(_ cents: Int, idempotencyKey: String) async throws -> String { "charge-7" }
    func refund(_ charge: String, idempotencyKey: String) async throws {}
}

struct Mailer: Sendable {
    func confirm(_ order: Order, idempotencyKey: String) async throws -> String { "mail-8" }
}

struct LabelPrinter: Sendable {
    func label(_ order: Order, idempotencyKey: String) async throws -> String { "label-9" }
}

struct Carrier: Codable, Sendable {
    var name: String
    func quote(_ order: Order, idempotencyKey: String) async throws -> Int { 500 }
}

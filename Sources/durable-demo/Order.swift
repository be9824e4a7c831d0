// SPDX-License-Identifier: Apache-2.0

/// What a customer has ordered: the input of the workflow.
struct Order: Codable, Sendable {
    let id: String
    let sku: String
    let quantity: Int
    let totalInCents: Int
}

/// What the workflow returns.
struct Receipt: Codable, Sendable {
    let charge: String
    let email: String
    let label: String
}

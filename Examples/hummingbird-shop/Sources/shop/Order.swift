// SPDX-License-Identifier: Apache-2.0

/// What a customer has ordered: the input of the workflow, and the body of the request.
struct Order: Codable, Sendable {
    let id: String
    let sku: String
    let quantity: Int
}

// SPDX-License-Identifier: Apache-2.0

/// What was sent: the result of the workflow.
struct Parcel: Codable, Sendable {
    let number: String
}

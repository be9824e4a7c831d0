// SPDX-License-Identifier: Apache-2.0

/// An update as its message holds it.
struct UpdateMessage: Codable, Sendable {
    var id: String
    /// The request's JSON text; nil for none.
    var request: String?
}

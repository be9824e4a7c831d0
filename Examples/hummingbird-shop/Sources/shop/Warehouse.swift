// SPDX-License-Identifier: Apache-2.0

/// A stand-in for a service elsewhere that takes a moment for each piece of work.
enum Warehouse {
    static func work(_ station: String, _ key: String) async throws -> String {
        try await Task.sleep(for: .milliseconds(150))
        return "\(station)-\(key)"
    }
}

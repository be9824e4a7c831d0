// SPDX-License-Identifier: Apache-2.0

// A Postgres library that is not ours, as little of it as the snippets need.

final class MyConnection: Sendable {
    func rows(of sql: String, binding parameters: [String?]) async throws -> [[String?]] { [] }
}

final class MyPool: Sendable {
    func transaction<Value: Sendable>(
        _ body: @Sendable (MyConnection) async throws -> Value
    ) async throws -> Value {
        try await body(MyConnection())
    }
}

struct MyConnectionLost: Error {}

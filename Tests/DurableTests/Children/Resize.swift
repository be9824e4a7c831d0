// SPDX-License-Identifier: Apache-2.0

@testable import Durable

/// What the children of these tests do is handed in, as with `Program`.
struct Resize: Workflow {
    static var name: String { "resize" }
    static var failures: [any (Error & Codable & Sendable).Type] { [TooLarge.self] }
    let body: @Sendable (Int, WorkflowContext) async throws -> Int

    init(_ body: @escaping @Sendable (Int, WorkflowContext) async throws -> Int = { number, _ in number * 2 }) {
        self.body = body
    }

    func run(_ input: Int, in workflow: WorkflowContext) async throws -> Int { try await self.body(input, workflow) }
}

/// An error that `Resize` declares, and `Program` does not.
struct TooLarge: Error, Codable, Hashable {
    var size: Int
}

// SPDX-License-Identifier: Apache-2.0

/// Something that an outside system completes or fails, once; made by ``WorkflowContext/token(_:_:)``.
///
/// ```swift
/// let token = try await workflow.token(Approval.self, "approval")
/// try await workflow.step("ask") { step in try await mailer.send(link: "https://shop.example/approve/\(token.id)") }
/// let approval = try await workflow.value(of: token, within: .seconds(3 * 86_400))
/// ```
public struct Token<Payload: Codable & Sendable>: Sendable, Hashable, Codable {
    /// Unguessable: whoever knows it may complete it.
    public let id: String
    /// What the workflow calls it.
    public let name: String

    /// 160 random bits from the system's generator.
    static func makeID() -> String {
        var generator = SystemRandomNumberGenerator()
        let words = (0..<5).map { _ in UInt32.random(in: 0 ... .max, using: &generator) }
        return "token-"
            + words.map { word in
                let digits = String(word, radix: 16)
                return String(repeating: "0", count: 8 - digits.count) + digits
            }.joined()
    }
}

// SPDX-License-Identifier: Apache-2.0

/// How long workflows are kept after they have ended.
///
/// ```swift
/// var options = EngineOptions()
/// options.retention = [
///     RetentionPolicy(keep: .seconds(30 * 86_400)),
///     RetentionPolicy(keep: .seconds(365 * 86_400), ending: .failed),
///     RetentionPolicy(keep: nil, of: "payment"),
/// ]
/// ```
///
/// Of several policies that fit a workflow the one that names its type counts, then the one that names its ending. What none fits is
/// kept. A child is kept at least as long as the workflow that started it, and a workflow at least until its children have ended.
public struct RetentionPolicy: Sendable, Hashable {
    /// How a workflow has ended.
    public enum Ending: String, Sendable, Hashable {
        /// It returned.
        case succeeded
        /// It threw.
        case failed
        /// It was cancelled, or killed.
        case cancelled
    }

    /// How long after its end it is kept at least; nil for ever.
    public var keep: Duration?
    /// The workflow type; nil for all.
    public var name: String?
    /// How it has ended; nil for any.
    public var ending: Ending?

    /// Makes a policy.
    ///
    /// - Parameters:
    ///   - keep: How long after their end such workflows are kept at least; nil for ever.
    ///   - name: The workflow type; nil for all.
    ///   - ending: How they have ended; nil for any.
    public init(keep: Duration?, of name: String? = nil, ending: Ending? = nil) {
        self.keep = keep
        self.name = name
        self.ending = ending
    }

    /// Throws in words if the policy makes no sense.
    func validate() throws {
        if let keep, keep < .zero || keep > EngineOptions.longest * 100 {
            throw DurableError(
                .invalidConfiguration,
                "ended workflows are kept for 0 s to 100 years, or for ever (nil), not for \(keep)"
            )
        }
        if let name { try IdentifierRules.check(name: name, of: .workflow) }
    }
}

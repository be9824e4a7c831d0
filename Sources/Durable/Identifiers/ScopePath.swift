// SPDX-License-Identifier: Apache-2.0

/// Paths of scopes, where concurrent work takes place: `parallel@3[1]/audit@0` is the scope `audit` that the first call opens in the
/// second branch of the group that call 3 of the workflow opens; the workflow itself is the empty path.
///
/// The position tells groups of one scope apart, whatever their names.
package enum ScopePath {
    /// The first part of the scopes of clean-up, which no scope of a user's may be called.
    package static let undo = "undo"

    /// The path that a call adds to its scope: its branches lie at `path[0]`, `path[1]` and so on, a scope of its own right there.
    ///
    /// - Parameters:
    ///   - name: a name that `IdentifierRules` allows for a scope.
    ///   - position: the position of the call in `scope`.
    package static func of(_ name: String, at position: some BinaryInteger, in scope: String) -> String {
        scope.isEmpty ? "\(name)@\(position)" : "\(scope)/\(name)@\(position)"
    }

    /// The scope of one branch of a group.
    package static func branch(_ index: some BinaryInteger, of group: String) -> String { "\(group)[\(index)]" }

    /// How many levels a path has.
    package static func depth(_ path: String) -> Int {
        path.isEmpty ? 0 : path.utf8.count { $0 == UInt8(ascii: "/") } + 1
    }

    /// Throws `DurableError.invalidArgument` for a path of more than 200 levels or 1,800 bytes.
    package static func check(_ path: String, workflow: String? = nil) throws {
        // Shorter than any path that could be too deep: "a/" for each level.
        let bytes = path.utf8.count
        guard bytes >= 2 * IdentifierRules.depthLimit else { return }
        let depth = self.depth(path)
        var error: DurableError?
        if depth > IdentifierRules.depthLimit {
            error = IdentifierRules.invalid(
                "A scope is nested \(depth) levels deep; the limit is \(IdentifierRules.depthLimit)."
                    + " Its path begins with \"\(path.prefix(60))\"."
            )
        } else if bytes > IdentifierRules.scopeLimit {
            error = IdentifierRules.invalid(
                "The path of a scope that is nested \(depth) levels deep has \(bytes) bytes; the limit is "
                    + "\(IdentifierRules.scopeLimit). Shorter names help. It begins with \"\(path.prefix(60))\"."
            )
        }
        guard var error else { return }
        error.workflow = workflow
        throw error
    }
}

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

    /// Takes the last level of a path apart: `map@3[1]/audit@0` is the scope `audit` at position 0 of `map@3[1]`, and
    /// `map@3[1]` is branch 1 of the group `map` at position 3 of the workflow.
    ///
    /// - Returns: Nil for the workflow itself, and for what is no such path.
    package static func last(of path: String) -> (parent: String, name: String, position: Int32, branch: Int?)? {
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        var level = slash.map { path[path.utf8.index(after: $0)...] } ?? path[...]
        var branch: Int?
        if level.utf8.last == UInt8(ascii: "]"), let bracket = level.utf8.lastIndex(of: UInt8(ascii: "[")) {
            branch = Int(level[level.utf8.index(after: bracket)...].dropLast())
            level = level[..<bracket]
        }
        // A name may hold an "@" itself.
        guard let at = level.utf8.lastIndex(of: UInt8(ascii: "@")),
            let position = Int32(level[level.utf8.index(after: at)...])
        else { return nil }
        return (slash.map { String(path[..<$0]) } ?? "", String(level[..<at]), position, branch)
    }

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

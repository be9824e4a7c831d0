// SPDX-License-Identifier: Apache-2.0

/// Where in a workflow concurrent work takes place: `parallel[1]/map[3]`; the workflow itself is the empty path.
package struct ScopePath: Hashable, Sendable, CustomStringConvertible {
    /// The first part of the scopes of clean-up, which no scope of a user's may be called.
    static let undo = "undo"

    /// The workflow's own scope.
    package static let root = ScopePath(text: "", depth: 0)

    /// The path as the database keeps it.
    package let text: String
    /// How many parts it has.
    package let depth: Int

    package var description: String { self.text.isEmpty ? "the workflow itself" : self.text }

    private init(text: String, depth: Int) {
        self.text = text
        self.depth = depth
    }

    /// A path that was recorded.
    package init(recorded text: String) {
        let separators = text.utf8.count { $0 == UInt8(ascii: "/") }
        self.init(text: text, depth: text.isEmpty ? 0 : separators + 1)
    }

    /// The scope of a branch inside: `group` is `parallel`, `map`, `race`, or what distinguishes it (`map#2`).
    ///
    /// - Throws: `DurableError.invalidArgument` if the path becomes too deep (200 levels) or too long (1,800 bytes).
    package func branch(of group: String, _ index: Int) throws -> ScopePath {
        try self.appending("\(group)[\(index)]")
    }

    /// The scope inside that has a name of its own.
    ///
    /// - Throws: `DurableError.invalidArgument` if the name is none, or the path becomes too deep or too long.
    package func scope(_ name: String) throws -> ScopePath {
        try IdentifierRules.check(name: name, of: .scope)
        return try self.appending(name)
    }

    /// The path with one more part, which the engine made and which is not checked but for its length.
    package func appending(_ part: String) throws -> ScopePath {
        let depth = self.depth + 1
        guard depth <= IdentifierRules.depthLimit else {
            throw IdentifierRules.invalid(
                "A scope is nested \(depth) levels deep; the limit is \(IdentifierRules.depthLimit)."
                    + " It begins with \"\(self.text.prefix(60))\"."
            )
        }
        let text = self.text.isEmpty ? part : "\(self.text)/\(part)"
        guard text.utf8.count <= IdentifierRules.scopeLimit else {
            throw IdentifierRules.invalid(
                "The path of a scope that is nested \(depth) levels deep has \(text.utf8.count) bytes; the limit is "
                    + "\(IdentifierRules.scopeLimit). Shorter names of scopes help. It begins with \"\(self.text.prefix(60))\"."
            )
        }
        return ScopePath(text: text, depth: depth)
    }
}

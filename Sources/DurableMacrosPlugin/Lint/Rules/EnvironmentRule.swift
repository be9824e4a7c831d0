// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// Reading the environment, the arguments, or a file.
enum EnvironmentRule: LintRule {
    private static let members: Set<[String]> = [
        ["Bundle", "main"], ["CommandLine", "arguments"], ["FileHandle", "standardInput"], ["FileManager", "default"],
        ["ProcessInfo", "processInfo"], ["UserDefaults", "standard"],
    ]
    private static let functions: Set<[String]> = [
        ["FileHandle"], ["FileManager"], ["fopen"], ["getenv"], ["getpid"], ["readLine"],
    ]

    static func finding(at node: Syntax, in scope: LintScope) -> LintFinding? {
        let name: String
        if let access = node.as(MemberAccessExprSyntax.self), let path = access.lintPath, self.members.contains(path) {
            name = path.joined(separator: ".")
        } else if let call = node.as(FunctionCallExprSyntax.self), let path = call.calledExpression.lintPath,
            self.functions.contains(path) || self.readsFile(path, call)
        {
            name = path.joined(separator: ".")
        } else {
            return nil
        }
        return LintFinding(
            node: node,
            rule: "environment",
            message: "'\(name)' reads what can differ in the next process: read it in a step, or hand the value to the "
                + "workflow as a property"
        )
    }

    /// `String(contentsOf: url)`, `Data(contentsOf: url)`.
    private static func readsFile(_ path: [String], _ call: FunctionCallExprSyntax) -> Bool {
        guard path == ["String"] || path == ["Data"] || path == ["NSData"] else { return false }
        return ["contentsOf", "contentsOfFile"].contains(call.arguments.first?.label?.text)
    }
}

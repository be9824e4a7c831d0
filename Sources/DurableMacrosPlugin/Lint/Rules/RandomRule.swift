// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax
import SwiftSyntaxBuilder

/// Random numbers, and random order, of the system's generator.
enum RandomRule: LintRule {
    private static let functions: Set = ["arc4random", "arc4random_uniform", "drand48", "lrand48", "mrand48"]

    static func finding(at node: Syntax, in scope: LintScope) -> LintFinding? {
        guard let call = node.as(FunctionCallExprSyntax.self) else { return nil }
        let generator = "&\(scope.context).random"
        if let path = call.calledExpression.lintPath, path.count == 1, self.isSystemGenerator(path[0]) {
            return LintFinding(
                node: node,
                rule: "random",
                message: "'\(path[0])' gives other numbers on replay: use the generator '\(scope.context).random'"
            )
        }
        guard let access = call.calledExpression.as(MemberAccessExprSyntax.self), self.isRandom(access, call) else {
            return nil
        }
        return LintFinding(
            node: node,
            rule: "random",
            message: "'\(access.declName.baseName.text)' is another one on replay: give it 'using: \(generator)'",
            fix: self.fix(call, generator)
        )
    }

    private static func isSystemGenerator(_ name: String) -> Bool {
        name == "SystemRandomNumberGenerator" || self.functions.contains(name)
    }

    private static func isRandom(_ access: MemberAccessExprSyntax, _ call: FunctionCallExprSyntax) -> Bool {
        guard call.trailingClosure == nil else { return false }
        switch access.declName.baseName.text {
        case "random":
            if call.arguments.count == 1 { return call.arguments.first?.label?.text == "in" }
            return call.arguments.isEmpty && access.base?.lintPath == ["Bool"]
        case "shuffled", "shuffle", "randomElement":
            return call.arguments.isEmpty
        default:
            return false
        }
    }

    private static func fix(_ call: FunctionCallExprSyntax, _ generator: String) -> LintFix {
        let range = call.arguments.first.map { "\($0.trimmedDescription), " } ?? ""
        let new = "\(call.calledExpression.trimmedDescription)(\(range)using: \(generator))"
        return LintFix("add 'using: \(generator)'", replacing: call, with: "\(raw: new)")
    }
}

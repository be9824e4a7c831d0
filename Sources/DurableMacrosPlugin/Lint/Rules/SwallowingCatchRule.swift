// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax
import SwiftSyntaxBuilder

/// A `catch` around a durable call that takes the end of a run for a failure.
enum SwallowingCatchRule: LintRule {
    static func finding(at node: Syntax, in scope: LintScope) -> LintFinding? {
        guard let statement = node.as(DoStmtSyntax.self), self.throwsInterruptions(statement.body, in: scope) else {
            return nil
        }
        for clause in statement.catchClauses {
            let isByName = self.catchesInterruption(clause)
            guard isByName || self.catchesEverything(clause) else { continue }
            // What stands first is what an interruption comes to.
            if self.passesOn(clause, in: scope) { return nil }
            return LintFinding(
                node: Syntax(clause),
                rule: "catch",
                message:
                    "this 'catch' takes 'WorkflowInterruption', which says that this run is over, for a failure: throw "
                    + "it on, or catch the errors that are meant by type",
                fix: isByName ? nil : self.fix(statement.catchClauses, before: clause),
                coversInside: false
            )
        }
        return nil
    }

    /// Whether a durable call throws out of the body.
    private static func throwsInterruptions(_ body: CodeBlockSyntax, in scope: LintScope) -> Bool {
        body.statements.holds { node in
            if let loop = node.as(ForStmtSyntax.self), loop.awaitKeyword != nil {
                return scope.isUsed(in: loop.sequence)
            }
            guard let wait = node.as(AwaitExprSyntax.self), scope.isUsed(in: wait.expression) else { return false }
            return !self.isOptionalTry(around: wait)
        }
    }

    private static func isOptionalTry(around wait: AwaitExprSyntax) -> Bool {
        wait.parent?.as(TryExprSyntax.self)?.questionOrExclamationMark != nil
    }

    private static func catchesInterruption(_ clause: CatchClauseSyntax) -> Bool {
        clause.catchItems.contains { item in
            item.pattern?.tokens(viewMode: .sourceAccurate).contains { $0.text == "WorkflowInterruption" } == true
        }
    }

    /// `catch`, `catch let error`, `catch let error as any Error`.
    private static func catchesEverything(_ clause: CatchClauseSyntax) -> Bool {
        if clause.catchItems.isEmpty { return true }
        return clause.catchItems.contains { item in
            guard item.whereClause == nil, let pattern = item.pattern else { return false }
            let words = pattern.trimmedDescription.split(separator: " ").map(String.init)
            guard words.first == "let" || words.first == "var" else { return words == ["_"] }
            let rest = words.dropFirst(2)
            return rest.isEmpty || rest.elementsEqual(["as", "Error"]) || rest.elementsEqual(["as", "any", "Error"])
        }
    }

    /// Whether the clause throws, or begins with a durable call, which throws the interruption once more.
    private static func passesOn(_ clause: CatchClauseSyntax, in scope: LintScope) -> Bool {
        let body = clause.body.statements
        if body.holds(where: { $0.is(ThrowStmtSyntax.self) }) { return true }
        guard let first = body.first else { return false }
        return first.holds { node in
            guard let wait = node.as(AwaitExprSyntax.self), scope.isUsed(in: wait.expression) else { return false }
            return !self.isOptionalTry(around: wait)
        }
    }

    /// Adds a clause that throws the interruption on.
    private static func fix(_ clauses: CatchClauseListSyntax, before broad: CatchClauseSyntax) -> LintFix {
        let indentation = broad.indentation
        let added: [CatchClauseSyntax] = clauses.flatMap { clause -> [CatchClauseSyntax] in
            guard clause.id == broad.id else { return [clause] }
            let text = """
                catch let interruption as WorkflowInterruption {
                \(indentation)    throw interruption
                \(indentation)}
                """
            let passing = CatchClauseSyntax("\(raw: text)")
            return [
                passing.with(\.leadingTrivia, clause.leadingTrivia).with(\.trailingTrivia, .space), clause,
            ]
        }
        return LintFix(
            "throw 'WorkflowInterruption' on",
            replacing: clauses,
            with: CatchClauseListSyntax(added)
        )
    }
}

extension SyntaxProtocol {
    /// The white space before the first word of the line on which it stands.
    fileprivate var indentation: String {
        var token = self.firstToken(viewMode: .sourceAccurate)
        while let current = token {
            if let newline = current.leadingTrivia.pieces.lastIndex(where: \.isNewline) {
                return Trivia(pieces: current.leadingTrivia.pieces[(newline + 1)...]).description
            }
            token = current.previousToken(viewMode: .sourceAccurate)
        }
        return ""
    }
}

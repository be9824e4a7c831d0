// SPDX-License-Identifier: Apache-2.0

import SwiftDiagnostics
package import SwiftSyntax
package import SwiftSyntaxMacros

/// Looks through a workflow's type for what replay cannot repeat.
///
/// It sees the text of the type, not what the names in it stand for. Where a text can mean two things it is silent: a
/// warning about good code costs more than a mistake that the engine finds at run time.
package enum WorkflowLint {
    /// Every rule; of those that speak about one node, the first is heard.
    static let rules: [any LintRule.Type] = [
        TaskSleepRule.self, TaskGroupRule.self, UnrecordedCallRule.self, UnrecordedLoopRule.self, AsyncLetRule.self,
        UnstructuredTaskRule.self, ClockRule.self, CalendarRule.self, RandomRule.self, UUIDRule.self,
        EnvironmentRule.self, UnorderedLoopRule.self, OptionalTryRule.self, SwallowingCatchRule.self,
    ]

    /// Diagnoses `run` and every function of the type that takes a `WorkflowContext`.
    ///
    /// Called once per expansion of `@Workflow`, with the type as it stands in the source.
    ///
    /// - Parameters:
    ///   - type: The type that `@Workflow` is attached to.
    ///   - context: Where the diagnostics go.
    ///   - isStrict: Whether what is found is an error, rather than a warning.
    package static func diagnose(
        type: some DeclGroupSyntax,
        in context: some MacroExpansionContext,
        strict isStrict: Bool
    ) {
        for finding in self.findings(in: type) {
            context.diagnose(finding.diagnostic(severity: isStrict ? .error : .warning))
        }
    }

    /// What is found in a type, in the order of the source, without what is allowed.
    static func findings(in type: some DeclGroupSyntax) -> [LintFinding] {
        let functions = self.functions(in: type.memberBlock.members).filter { function in
            function.body != nil && !LintScope.contexts(of: function).isEmpty
        }
        guard !functions.isEmpty else { return [] }
        let members = LintScope(members: type.memberBlock.members)
        let allowances = Allowances(in: type)
        return functions.flatMap { function in
            var walker = LintWalker()
            walker.walk(function, in: members)
            return allowances.misuses(in: function) + walker.findings.filter { !allowances.cover($0) }
        }
    }

    /// The functions among members, those under `#if` too.
    private static func functions(in members: MemberBlockItemListSyntax) -> [FunctionDeclSyntax] {
        members.flatMap { member -> [FunctionDeclSyntax] in
            if let function = member.decl.as(FunctionDeclSyntax.self) { return [function] }
            guard let condition = member.decl.as(IfConfigDeclSyntax.self) else { return [] }
            return condition.clauses.flatMap { clause in
                clause.elements?.as(MemberBlockItemListSyntax.self).map { self.functions(in: $0) } ?? []
            }
        }
    }
}

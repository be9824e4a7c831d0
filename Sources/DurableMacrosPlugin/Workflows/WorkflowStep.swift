// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax
import SwiftSyntaxBuilder

/// An annotated function of a workflow's type.
struct WorkflowStep {
    let kind: CheckpointKind
    let attribute: AttributeSyntax
    let function: FunctionDeclSyntax
    /// The name that was pinned, as it is written.
    let pinned: ExprSyntax?

    /// What it is called in the journal; nil where only the compiler knows.
    var name: String? { self.pinned == nil ? self.function.baseName : RecordedName.text(of: self.pinned) }

    static func all(in declaration: some DeclGroupSyntax) -> [WorkflowStep] {
        declaration.memberBlock.members.compactMap { member in
            guard let function = member.decl.as(FunctionDeclSyntax.self) else { return nil }
            for kind in [CheckpointKind.step, .transaction] {
                guard let attribute = function.attributes.first(named: kind.attribute) else { continue }
                return WorkflowStep(
                    kind: kind,
                    attribute: attribute,
                    function: function,
                    pinned: CheckpointArguments(attribute).name
                )
            }
            return nil
        }
    }

    /// The step in the description of the workflow.
    var description: String {
        let name = self.pinned.map { "\($0.trimmed)" } ?? "\"\(self.function.baseName)\""
        return "Durable.StepDescription(\(name), kind: .\(self.kind.method))"
    }

    /// The annotation with another name.
    func attribute(naming name: String) -> AttributeSyntax {
        let literal = ExprSyntax(StringLiteralExprSyntax(content: name))
        var attribute = self.attribute
        guard case .argumentList(var list) = attribute.arguments, let first = list.first else {
            attribute.attributeName.trailingTrivia = []
            attribute.leftParen = .leftParenToken()
            attribute.arguments = .argumentList([LabeledExprSyntax(expression: literal)])
            attribute.rightParen = .rightParenToken(trailingTrivia: self.attribute.trailingTrivia)
            return attribute
        }
        if first.label == nil {
            list[list.startIndex] = first.with(\.expression, literal)
        } else {
            let pinned = LabeledExprSyntax(
                expression: literal,
                trailingComma: .commaToken(trailingTrivia: .space)
            )
            list.insert(pinned, at: list.startIndex)
        }
        attribute.arguments = .argumentList(list)
        return attribute
    }
}

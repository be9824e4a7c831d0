// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

extension FunctionSignatureSyntax {
    /// With `async` and `throws`, whichever of them is missing.
    var asyncThrowing: FunctionSignatureSyntax {
        var signature = self
        guard var effects = self.effectSpecifiers else {
            let end = self.parameterClause.trailingTrivia
            signature.parameterClause.trailingTrivia = .space
            signature.effectSpecifiers = FunctionEffectSpecifiersSyntax(
                asyncSpecifier: .keyword(.async, trailingTrivia: .space),
                throwsClause: ThrowsClauseSyntax(throwsSpecifier: .keyword(.throws, trailingTrivia: end))
            )
            return signature
        }
        if effects.asyncSpecifier == nil {
            effects.asyncSpecifier = .keyword(.async, trailingTrivia: .space)
        }
        if effects.throwsClause == nil {
            let end = effects.asyncSpecifier?.trailingTrivia ?? Trivia()
            effects.asyncSpecifier?.trailingTrivia = .space
            effects.throwsClause = ThrowsClauseSyntax(throwsSpecifier: .keyword(.throws, trailingTrivia: end))
        }
        signature.effectSpecifiers = effects
        return signature
    }
}

extension FunctionParameterClauseSyntax {
    /// With one more parameter at the end.
    func appending(_ parameter: FunctionParameterSyntax) -> FunctionParameterClauseSyntax {
        self.with(\.parameters, Self.list(self.parameters.map { $0 } + [parameter]))
    }

    /// With one of its parameters at the end.
    func movingToEnd(_ parameter: FunctionParameterSyntax) -> FunctionParameterClauseSyntax {
        self.with(\.parameters, Self.list(self.parameters.filter { $0.id != parameter.id } + [parameter]))
    }

    private static func list(_ parameters: [FunctionParameterSyntax]) -> FunctionParameterListSyntax {
        FunctionParameterListSyntax(
            parameters.enumerated().map { index, parameter in
                let isLast = index == parameters.count - 1
                return parameter.trimmed.with(\.trailingComma, isLast ? nil : .commaToken(trailingTrivia: .space))
            }
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

import SwiftDiagnostics
import SwiftSyntax

/// Why a parameter cannot be an input of something that is replayed.
struct InputProblem {
    let id: String
    let words: String
    let fixIt: FixIt?

    /// - Parameters:
    ///   - isEncoded: whether its value is encoded at all.
    ///   - isRecorded: whether its value is read back.
    /// - Returns: nil if it can.
    init?(_ parameter: FunctionParameterSyntax, isEncoded: Bool, isRecorded: Bool) {
        let type = parameter.type
        let name = (parameter.secondName ?? parameter.firstName).text
        if let ellipsis = parameter.ellipsis {
            let array = TypeSyntax(ArrayTypeSyntax(element: type.trimmed))
            let fixed = parameter.with(\.type, array.with(\.trailingTrivia, ellipsis.trailingTrivia))
                .with(\.ellipsis, nil)
            self.id = "variadic-parameter"
            self.words = "`\(name)` is variadic, and could not be handed on: take an array"
            self.fixIt = .replace("take-array", "take `\(array)`", parameter, by: fixed)
        } else if type.hasSpecifier(.inout), let attributed = type.as(AttributedTypeSyntax.self) {
            let fixed = parameter.with(\.type, attributed.baseType.with(\.trailingTrivia, type.trailingTrivia))
            self.id = "inout-parameter"
            self.words = "`\(name)` is `inout`: a change to it would be lost on replay. Return the new value instead"
            self.fixIt = .replace("remove-inout", "remove `inout`", parameter, by: fixed)
        } else if type.hasSpecifier(.isolated) {
            self.id = "isolated-parameter"
            self.words = "`\(name)` is `isolated`: this cannot run on the isolation of one of its inputs"
            self.fixIt = nil
        } else if type.holdsFunction {
            self.id = "closure-parameter"
            self.words = "`\(name)` is a closure, which is no input that could be recorded or compared: pass values"
            self.fixIt = nil
        } else if type.isTuple, isEncoded {
            self.id = "tuple-parameter"
            self.words = "`\(name)` is a tuple, which cannot be encoded: pass its parts, or a struct that is `Codable`"
            self.fixIt = nil
        } else if type.isOpaque, isRecorded {
            self.id = "opaque-parameter"
            self.words = "`\(name)` has an opaque type, which cannot be read back: take a type that is `Codable`"
            self.fixIt = nil
        } else {
            return nil
        }
    }
}

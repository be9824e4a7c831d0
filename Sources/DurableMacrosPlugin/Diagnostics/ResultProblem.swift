// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// Why a result cannot be recorded.
struct ResultProblem {
    let id: String
    let words: String

    /// - Returns: nil if it can, as far as its spelling tells.
    init?(_ type: TypeSyntax) {
        if type.isOpaque {
            self.id = "opaque-result"
            self.words = """
                an opaque result cannot be read back from the journal, since its type has no name there: return a type that \
                is `Codable`
                """
        } else if type.holdsFunction {
            self.id = "closure-result"
            self.words = "a closure cannot be recorded: return a value that is `Codable`"
        } else if type.isTuple {
            self.id = "tuple-result"
            self.words = "a tuple cannot be recorded: return a struct that is `Codable`"
        } else {
            return nil
        }
    }
}

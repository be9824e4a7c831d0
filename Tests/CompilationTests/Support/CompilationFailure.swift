// SPDX-License-Identifier: Apache-2.0

/// Why a test could not ask the compiler.
struct CompilationFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

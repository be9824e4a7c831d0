// SPDX-License-Identifier: Apache-2.0

import SwiftCompilerPlugin
import SwiftSyntaxMacros

/// What the compiler runs to expand the annotations.
@main
struct DurablePlugin: CompilerPlugin {
    let providingMacros: [any Macro.Type] = [StepMacro.self, TransactionMacro.self, WorkflowMacro.self]
}

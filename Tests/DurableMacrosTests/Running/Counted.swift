// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// Counts the calls of a function, in its body.
@attached(body)
macro Counted() = #externalMacro(module: "ForeignMacrosPlugin", type: "CountedMacro")

enum Counted {
    static let calls = Counter()
}
